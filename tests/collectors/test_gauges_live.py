"""Gauges and labels of live processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from montauk_tui.actions.guard import state_of
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.model.schema import Need
from tests.support.children import child
from tests.support.patience import until
from tests.support.sight import others_are_seen


def test_a_live_process(tmp_path: Path) -> None:
    script = f"""
import os, time
os.chdir({str(tmp_path)!r})
held = b"x" * (8 << 20)
print(flush=True)
time.sleep(600)
"""
    with TraditionalCollector() as collector, subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            process.stdout.readline()
            sample = collector.sample(Need.NONE)
            (row,) = (sample.processes.pid == process.pid).nonzero()[0]
            who, lookups = sample.processes.identity(int(row)), collector.lookups
            path = f"/proc/{process.pid}"
            assert lookups.label("cwd", who) == str(tmp_path)
            assert lookups.label("exe", who) == str(Path(f"{path}/exe").readlink())
            assert lookups.gauge("files", who) == len(os.listdir(f"{path}/fd"))  # noqa: PTH208
            assert lookups.gauge("oom", who) >= 0
            assert lookups.gauge("oom_adj", who) == float(
                Path(f"{path}/oom_score_adj").read_text()
            )
            pss, uss = (lookups.gauge(f"{name}_bytes", who) for name in ("pss", "uss"))
            assert uss <= pss
            assert pss > 1 << 20
            assert lookups.label("cgroup", who) in Path(f"{path}/cgroup").read_text()
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("need", "name"),
    [
        (Need.of("pss_bytes"), "uss_bytes"),
        (Need.of("oom_adj"), "oom_adj"),
        (Need.of("files"), "files"),
    ],
)
def test_what_is_needed_is_known_of_live_processes(need: Need, name: str) -> None:
    with child() as (_, who), TraditionalCollector() as collector:
        # Until then it takes more memory.
        until(lambda: state_of(*who) == "S", "sleep")
        collector.sample(need | Need.AT_ONCE)
        (known,) = collector.lookups.known_gauges(name, [who])
        assert known == collector.lookups.gauge(name, who)


AS_NOBODY = """
import json, os, sys
import wcwidth  # later the folder it lies in may be unreadable
from montauk_tui.actions.guard import state_of
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Need
from tests.support.needs import GAUGES, LABELS
who = Identity(int(sys.argv[1]), int(sys.argv[2]))
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
with TraditionalCollector() as collector:
    collector.sample(Need.NONE)
    lookups = collector.lookups
    print(json.dumps({
        **{name: str(lookups.gauge(name, who)) for name in GAUGES},
        **{name: lookups.label(name, who) for name in LABELS},
    }))
"""


@pytest.mark.privileged
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
@others_are_seen
def test_another_user_sees_what_the_columns_say() -> None:
    with child() as (_, who):
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(who.pid), str(who.start_ticks)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    seen = json.loads(done.stdout)
    denied = {name for name, value in seen.items() if value in ("nan", "")}
    assert denied >= {"pss_bytes", "uss_bytes", "swap_pss_bytes", "exe", "cwd", "wchan"}
    assert not denied & {"swap_bytes", "oom", "oom_adj", "cgroup"}
    for name in denied & set(COLUMNS) - {"autogroup", "autogroup_nice", "security"}:
        assert COLUMNS[name].privilege, name
