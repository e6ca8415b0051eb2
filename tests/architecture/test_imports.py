"""What the commands without a screen load, and what the layers may import."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "montauk_tui"

DRAWING = {"textual", "rich"}

SCRIPT = """
import contextlib, io, json, sys
from montauk_tui import cli
with contextlib.redirect_stdout(io.StringIO()) as out:
    try:
        code = cli.main(sys.argv[1:])
    except SystemExit as leaving:
        code = leaving.code
print(json.dumps([code, len(out.getvalue()), sorted(sys.modules)]))
"""


def loaded_by(*arguments: str) -> set[str]:
    """Return the top-level packages loaded after a command that printed something."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    code, printed, modules = json.loads(done.stdout)
    assert code == 0
    assert printed > 0
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "--version",
        "--collector-info",
        "--once -d.1",
        "--json -n1 -d.1",
        "-b -n1 -d.1",
        "-s help",
        "config import --print tests/config/htop/3.3.htoprc",
    ],
)
def test_only_the_monitor_loads_what_draws(command: str) -> None:
    loaded = loaded_by(*command.split())
    assert "montauk_tui" in loaded
    assert not loaded & DRAWING


def test_the_monitor_starts_without_what_only_some_keys_need() -> None:
    script = (
        "import sys; from montauk_tui.cli import monitor; from montauk_tui.ui import "
        "app; monitor.registry.open_quickly('traditional'); "
        "import montauk_tui.collectors.kernel.cache; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "montauk_tui.ui.screens.main" in loaded
    assert not loaded & {
        "tomlkit", "tomllib", "montauk_tui.config.writing",
        "montauk_tui.ui.screens.setup",
        "montauk_tui.ui.screens.help", "montauk_tui.ui.screens.details",
        # Megabytes each, for nothing that is shown.
        "ssl", "hashlib", "importlib.metadata", "email", "zipfile", "csv", "pygments",
        "markdown_it", "numpy.random", "numpy.fft", "numpy.polynomial", "numpy.ma",
        "montauk_tui.collectors.netlink.collector",
        # What leaves the machine.
        "http.client", "socketserver", "google", "opentelemetry", "prometheus_client",
        "montauk_tui.export.metrics", "montauk_tui.export.otlp",
        # Of the extra sql.
        "duckdb", "_duckdb", "montauk_tui.export.fleet",
    }  # fmt: skip


def test_the_kernel_collector_is_there_before_what_its_first_sample_need_not_have() -> (
    None
):
    """With loaded probes its first frame comes no later than that of /proc.

    Each module takes 0.1 to 0.4 ms, each named tuple 0.1 ms, a data class 0.3 ms.
    """
    script = """
import sys
import montauk_tui.collectors.kernel.collector
modules = [it for name, it in sys.modules.items() if ".collectors.kernel." in name]
print(*(it.__name__.rpartition(".")[2] for it in modules), sep=",")
print(*(
    one.__name__ for it in modules for one in vars(it).values()
    if isinstance(one, type) and one.__module__ == it.__name__
    and (hasattr(one, "_fields") or hasattr(one, "__dataclass_fields__"))
), sep=",")
print("montauk_tui.collectors.procfs.charged" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    modules, made, has_charged = done.stdout.splitlines()
    assert set(modules.split(",")) == {
        "about", "bpf", "collector", "hidden_from_bpf", "idle", "log", "logs", "missed",
        "origin", "pinfolder", "pins", "records", "snapshot",
    }  # fmt: skip
    assert made == "Drained"
    assert has_charged == "False"


def test_no_garbage_is_collected_while_the_monitor_is_imported_and_opens() -> None:
    script = """
import gc
from montauk_tui.cli import monitor
from montauk_tui.config import Settings
from montauk_tui.errors import MontaukError
monitor.streams.screen = lambda: None
def refuse():
    print(gc.isenabled())
    raise MontaukError("refused")
try:
    monitor.show(refuse, Settings(), (), strict_theme=False)
except MontaukError:
    print(gc.isenabled())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["False", "True"]


def test_no_sample_panel_or_tree_loads_masked_arrays() -> None:
    script = """
import sys
from dataclasses import replace
from montauk_tui.collectors.registry import open_collector
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.folds import Folds
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.summary.subject import summarize
from montauk_tui.model.history import Churn
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.frames import FrameSource
source = FrameSource(open_collector("traditional"))
frame = [source.next_frame(Need.NONE) for _ in range(3)][-1]
churn = tuple(Churn(float(at), 1.0, 0, 0, 0) for at in range(4))
frame = replace(frame, history=replace(frame.history, churn=churn))
view = View(COLUMNS["cpu_pct"], descending=True, tree=True, folds=Folds(True))
assert len(project(frame, view).rows)
print(len(summarize(frame, 0, machine_scale=False).groups), *sys.modules)
source.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        cwd=ROOT,
    )  # fmt: skip
    groups, *loaded = done.stdout.split()
    assert int(groups) > 0
    # 2 MiB, which np.median() loads, and np.unique() without options.
    assert "numpy.ma" not in loaded


def imports_of(path: Path) -> set[str]:
    """Return the names of the modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found.add(node.module or "")
    return found


MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in PACKAGE.rglob("*.py")
    if path.relative_to(PACKAGE).parts[0] != "ui"
)


@pytest.mark.parametrize("module", MODULES)
def test_what_draws_is_imported_below_ui_only(module: str) -> None:
    tops = {name.partition(".")[0] for name in imports_of(ROOT / module)}
    assert not tops & DRAWING


def test_the_modules_are_found() -> None:
    assert "montauk_tui/cli/__init__.py" in MODULES
    assert "montauk_tui/collectors/procfs/stat.py" in MODULES
    assert "rich" in {
        name.partition(".")[0]
        for path in (PACKAGE / "ui").rglob("*.py")
        for name in imports_of(path)
    }
