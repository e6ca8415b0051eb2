"""Where the CPU time of an interval went."""

import numpy as np

from montauk_tui.engine.rates import busy_seconds, busy_total, is_dead, tells_exit_time
from montauk_tui.model.frame import Ledger, Rates
from montauk_tui.model.sample import CPU_FIELDS, Sample


def close_books(previous: Sample, current: Sample, rates: Rates) -> Ledger:
    """Return the ledger between two samples."""
    busy = busy_seconds(previous.host, current.host, current.user_hz)
    busy_s = busy_total(previous.host, current.host, current.user_hz)
    interrupts_s = float(
        busy[CPU_FIELDS.index("irq")] + busy[CPU_FIELDS.index("softirq")]
    )
    table = current.processes
    dead = is_dead(table)
    live_s = float(np.nansum(rates.cpu_s[table.is_process & ~dead]))
    exited_s = _exited_seconds(current, rates)
    dead_s = float(np.nansum(rates.cpu_s[table.is_process & dead]))
    if exited_s is None:
        live_s += dead_s
    else:
        exited_s += dead_s
    return Ledger(
        busy_s=busy_s,
        live_s=live_s,
        exited_s=exited_s,
        interrupts_s=interrupts_s,
        unexplained_s=busy_s - live_s - (exited_s or 0.0) - interrupts_s,
    )


def _exited_seconds(current: Sample, rates: Rates) -> float | None:
    if tells_exit_time(current):
        return float(np.nansum(rates.exit_cpu_s))
    known = np.isfinite(rates.children_s)
    return float(rates.children_s[known].sum()) if known.any() else None
