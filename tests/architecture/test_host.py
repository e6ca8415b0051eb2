"""Nothing above the host reads the watched machine, or acts on its processes."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

PACKAGE: Final = Path(__file__).parents[2] / "montauk_tui"
ABOVE: Final = ("cli", "engine", "export", "pipeline", "session", "ui")
"""Packages that know a machine by its frames."""

CALLS: Final = frozenset({
    "os.kill", "os.listdir", "os.lstat", "os.pidfd_open", "os.readlink", "os.scandir",
    "os.sched_getaffinity", "os.sched_setaffinity", "os.sched_setscheduler",
    "os.setpriority", "os.stat", "signal.pidfd_send_signal", "subprocess.Popen",
    "subprocess.run",
})  # fmt: skip

OWN: Final = {
    "export/metrics/listening.py": "the socket that it makes",
    "export/metrics/textfile.py": "the file that it writes",
    "ui/terminal/abilities.py": "the environment that montauk was started with",
    "ui/terminal/line.py": "the terminal of montauk",
}
"""Modules that read montauk's own entries, and why."""

MODULES: Final = sorted(
    path.relative_to(PACKAGE).as_posix()
    for package in ABOVE
    for path in (PACKAGE / package).rglob("*.py")
)


def machine_in(tree: ast.AST) -> Iterator[str]:
    """Yield paths below /proc and /sys, and calls that look at processes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in CALLS:
            yield ast.unparse(node)
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and text.startswith(("/proc/", "/sys/")):
            yield text


@pytest.mark.parametrize("module", MODULES)
def test_a_module_above_the_host_knows_frames_only(module: str) -> None:
    found = sorted(machine_in(ast.parse((PACKAGE / module).read_text("utf-8"))))
    assert found == [] or module in OWN


def test_the_exceptions_are_needed() -> None:
    for module in OWN:
        assert list(machine_in(ast.parse((PACKAGE / module).read_text("utf-8"))))


def test_what_is_looked_for_is_found_below_the_host() -> None:
    found = machine_in(ast.parse((PACKAGE / "actions/signals.py").read_text("utf-8")))
    assert "signal.pidfd_send_signal" in set(found)
