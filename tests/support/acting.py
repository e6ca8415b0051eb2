"""The program on processes of a test's own, and what it says of acting on them."""

from subprocess import Popen
from typing import Any, Final

from montauk_tui.config import Settings
from montauk_tui.model.sample import Identity
from montauk_tui.ui.app import MontaukApp
from tests.support.builders import FakeLookups, make_sample
from tests.support.desk import Desk
from tests.support.monitor import Monitor, make_app
from tests.support.replay import ReplayCollector

SIZE: Final = (120, 40)

Children = list[tuple[Popen[bytes], Identity]]


def app_with(
    *identities: Identity, settings: Settings | None = None, **changes: Any
) -> MontaukApp:
    """Return the program on processes: see `collector_with`."""
    return make_app(collector_with(*identities, **changes), settings)


def desk_with(
    *identities: Identity, settings: Settings | None = None, **changes: Any
) -> Desk:
    """Return a session of processes: see `collector_with`."""
    return Desk(collector_with(*identities, **changes), settings)


def collector_with(*identities: Identity, **changes: Any) -> ReplayCollector:
    """Return a collector of processes, the first the parent of the others.

    They are in the order of their PIDs; `changes` are those to the samples.
    """
    first = identities[0].pid
    rows: list[dict[str, Any]] = [
        {
            "pid": it.pid,
            "start_ticks": it.start_ticks,
            "ppid": 1 if it.pid == first else first,
            "comm": f"child{index}",
        }
        for index, it in enumerate(identities)
    ]
    samples = [make_sample(rows, after_s=at, **changes) for at in (0.0, 1.0)]
    return ReplayCollector(samples, FakeLookups(users={0: "root", 7: "amy"}))


def app_of(children: Children, **settings: Any) -> MontaukApp:
    """Return the program on children, sorted by PID."""
    return app_with(*_identities(children), settings=_by_pid(settings))


def desk_of(children: Children, **settings: Any) -> Desk:
    """Return a session of children, sorted by PID."""
    return desk_with(*_identities(children), settings=_by_pid(settings))


def _identities(children: Children) -> list[Identity]:
    return [identity for _, identity in children]


def _by_pid(settings: dict[str, Any]) -> Settings:
    return Settings(sort="pid", descending=False, **settings)


def said(monitor: Monitor) -> str:
    """Return the line that tells what came of it."""
    (notification,) = list(monitor.app._notifications)  # noqa: SLF001
    return notification.message


def tagged(monitor: Monitor) -> list[int]:
    """Return the PIDs that are tagged."""
    return sorted(tag.pid for tag in monitor.app.session.choices.tags)


def box(monitor: Monitor) -> tuple[str, str]:
    """Return what stands above and below the list that is open."""
    widget = monitor.app.screen.query_one("#box")
    return str(widget.border_title), str(widget.border_subtitle)
