"""CPU seconds of recorded hosts: by SQL, by the report, and by the kernel's cgroups."""

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui.export.fleet.database import Answer, Tables, opened
from montauk_tui.export.fleet.sources import files_of
from tests.engines.hosts import GUESTS, Recorded
from tests.support.recordings import report_on

SHARE: Final = 0.005
"""By which the figures may differ."""
_LEAST_S: Final = 0.01
"""Commands that used less are not compared."""
_USED: Final = "(SELECT {0}, cpu_s FROM samples UNION ALL SELECT {0}, cpu_s FROM exits)"


class Compared(NamedTuple):
    """What one host, or a command on it, used by each account."""

    what: str
    seconds: dict[str, float]

    @property
    def difference(self) -> float:
        """The most by which two differ, as a share."""
        values = self.seconds.values()
        return (max(values) - min(values)) / max(*values, math.ulp(0.0))

    def __str__(self) -> str:
        """Return a line."""
        accounts = ", ".join(f"{it} {s:.3f} s" for it, s in self.seconds.items())
        return f"{self.what}: {accounts}, differ by {self.difference:.3%}"


def compare(hosts: Sequence[Recorded], out: Path) -> Iterator[Compared]:
    """Yield each host's load, and each command of it."""
    with closing(opened([Tables(files_of(out).by_table)])) as connection:

        def ask(column: str, machine: str) -> dict[str, float]:
            used = _USED.format(f"machine_id, {column}")
            sql = (
                f"SELECT {column}, coalesce(sum(cpu_s), 0) FROM {used} "  # noqa: S608
                f"WHERE machine_id = '{machine}' GROUP BY 1"
            )
            return dict(Answer(connection, sql).batch(1 << 20))

        for host in hosts:
            machine = GUESTS[host.folder.name].machine
            _, groups = report_on(host.folder, "cgroup")
            accounts = {
                "cgroup": host.charged_s,
                "report": groups[host.cgroup].cpu_s,
                "SQL": ask("cgroup", machine)[host.cgroup],
            }
            yield Compared(host.folder.name, accounts)
            _, programs = report_on(host.folder, "program")
            by_sql = ask("comm", machine)
            for comm in sorted(programs.keys() | by_sql.keys()):
                used = programs.get(comm)
                both = {
                    "report": used.cpu_s if used else 0.0,
                    "SQL": by_sql.get(comm, 0.0),
                }
                if max(both.values()) >= _LEAST_S:
                    yield Compared(f"{host.folder.name}, {comm}", both)
