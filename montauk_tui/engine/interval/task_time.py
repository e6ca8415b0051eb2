"""How long the CPUs ran tasks, seen or not: the sum that processes should have."""

import math
from typing import Final

import numpy as np

from montauk_tui.model.frame import Rates
from montauk_tui.model.sample import CPU_FIELDS, HostSample, Sample
from montauk_tui.model.schema import known_sum

_STEAL: Final = CPU_FIELDS.index("steal")

_MOST: Final = 1.1
"""Tolerance for clocks that differ, as a factor of the time that passed."""

_CREDIBLE: Final = 0.9
"""Least share of the time of known processes that a sum over all must have."""

_TICKS_S: Final = 0.05
"""How much more than the sum a process may appear to use, as it is in ticks."""


def task_seconds(
    previous: Sample, current: Sample, rates: Rates, used_s: float, measured_s: float
) -> float:
    """Return the time of all tasks, with the interrupts that the kernel measures.

    NaN where it is not measured, or where the counter was reset meanwhile.

    Args:
        previous: The sample before.
        current: This sample.
        rates: What its processes did.
        used_s: What processes are known to have used.
        measured_s: The time of interrupts that is in no process.
    """
    switched_s = _by_switches(previous.host, current.host, current.user_hz)
    if not math.isnan(switched_s):
        return switched_s
    charged_s = current.host.charged_s - previous.host.charged_s
    if not current.host.charged_has_kernel:
        table = current.processes
        charged_s += known_sum(rates.cpu_s[table.is_process & table.is_kernel])
    if not charged_s <= _passed_s(previous.host, current.host) * _MOST:
        return math.nan
    # Processes in the root cgroup of version 2 are in no other cgroup.
    if charged_s < used_s * _CREDIBLE - _TICKS_S:
        return math.nan
    return charged_s + measured_s


def _by_switches(previous: HostSample, current: HostSample, user_hz: int) -> float:
    """Return it as measured at task switches; NaN if CPUs were added or removed."""
    if not np.array_equal(previous.cpu_ids, current.cpu_ids):
        return math.nan
    ran_s = current.tasks_s - previous.tasks_s
    if not 0 <= ran_s <= _passed_s(previous, current) * _MOST:
        return math.nan
    if not current.charges_stolen:
        stolen = current.cpu_ticks[:, _STEAL] - previous.cpu_ticks[:, _STEAL]
        ran_s -= float(np.maximum(stolen, 0.0).sum()) / user_hz
    return ran_s


def _passed_s(previous: HostSample, current: HostSample) -> float:
    return (current.read_s - previous.read_s) * len(current.cpu_ids)
