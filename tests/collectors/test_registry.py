"""Which collector is taken, and what is said about the others."""

from collections.abc import Callable

import pytest

from montauk_tui.collectors import registry
from montauk_tui.collectors.base import Availability, Collector
from montauk_tui.collectors.installed import EntryPoint
from montauk_tui.errors import CollectorFailed, CollectorUnavailable, UsageError
from montauk_tui.export import collector_info
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need

Install = Callable[..., None]


class Fake(Collector):
    """Opens and closes, and remembers it."""

    name = "fake"
    log: list[str]
    state = Availability(available=True)

    def __init__(self) -> None:
        type(self).log.append(f"{self.name}: made")

    @property
    def detail(self) -> str:
        return f"the {self.name} one"

    def availability(self) -> Availability:
        return self.state

    def open(self) -> None:
        type(self).log.append(f"{self.name}: open")

    def sample(self, needs: Need) -> Sample:
        raise CollectorFailed(str(needs))

    def close(self) -> None:
        type(self).log.append(f"{self.name}: close")


class Refused(Fake):
    state = Availability(available=False, reason="no key", remedy="become root")


class Deceptive(Fake):
    """Claims to be available, and is not."""

    def open(self) -> None:
        super().open()
        raise CollectorUnavailable("it lied", "try another")


class Slow(Fake):
    slow_to_open = True


class SlowRefused(Refused):
    slow_to_open = True


def broken() -> Collector:
    raise ImportError("no module named libbroken")


class Installed:
    """Pretends that collectors are installed; they tell what happens to them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log: list[str] = []
        self._monkeypatch = monkeypatch

    def __call__(self, **kinds: object) -> None:
        made = {
            name: type(name, (kind,), {"name": name, "log": self.log})
            if isinstance(kind, type)
            else kind
            for name, kind in kinds.items()
        }

        class Point(EntryPoint):
            def load(self) -> object:
                return made[self.name]

        points = [Point(name, f"{name}:Made") for name in made]

        def entry_points(*, group: str, name: str | None = None) -> list[Point]:
            assert group == registry.GROUP
            return [point for point in points if name in (None, point.name)]

        self._monkeypatch.setattr(registry, "entry_points", entry_points)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Installed:
    return Installed(monkeypatch)


def test_the_real_collectors_are_installed() -> None:
    assert "traditional" in registry.names()
    for name in registry.names():
        assert registry.load(name).name == name


def test_best_first_and_strangers_last(installed: Installed) -> None:
    installed(zebra=Fake, traditional=Fake, ant=Fake, kernel=Fake, netlink=Fake)
    assert registry.names() == ["kernel", "netlink", "traditional", "ant", "zebra"]
    assert installed.log == []


def test_what_tells_that_it_opens_at_once_is_what_is_opened(
    installed: Installed,
) -> None:
    """It may have found out already what that needs."""
    installed(traditional=Fake, netlink=Fake, kernel=Slow)
    assert registry.open_quickly().collector.name == "netlink"
    assert installed.log == ["kernel: made", "netlink: made", "netlink: open"]


def test_the_best_that_opens_is_taken(installed: Installed) -> None:
    installed(traditional=Fake, netlink=Fake, kernel=Fake)
    opened = registry.open_collector()
    assert opened.collector.name == "kernel"
    assert opened.refusals == ()
    assert installed.log == ["kernel: made", "kernel: open"]


def test_every_refusal_is_recorded_with_its_remedy(installed: Installed) -> None:
    installed(kernel=Refused, netlink=Deceptive, traditional=Fake)
    opened = registry.open_collector()
    assert opened.collector.name == "traditional"
    assert opened.refusals == (
        "kernel: unavailable: no key; become root",
        "netlink: unavailable: it lied; try another",
    )
    assert "kernel: open" not in installed.log
    assert "netlink: close" in installed.log


def test_a_collector_that_cannot_be_imported_is_a_refusal(installed: Installed) -> None:
    installed(kernel=broken, traditional=Fake)
    opened = registry.open_collector()
    assert opened.collector.name == "traditional"
    assert len(opened.refusals) == 1
    assert "libbroken" in opened.refusals[0]


@pytest.mark.parametrize("kind", [Refused, Deceptive, broken])
def test_a_forced_collector_never_gives_way(installed: Installed, kind: object) -> None:
    installed(kernel=kind, netlink=Fake, traditional=Fake)
    with pytest.raises(CollectorUnavailable):
        registry.open_collector("kernel")
    assert not [line for line in installed.log if not line.startswith("kernel")]


def test_a_forced_collector_is_taken_before_a_better_one(installed: Installed) -> None:
    installed(kernel=Fake, traditional=Fake)
    assert registry.open_collector("traditional").collector.name == "traditional"
    assert installed.log == ["traditional: made", "traditional: open"]


def test_a_stranger_is_taken_only_by_name(installed: Installed) -> None:
    installed(stranger=Fake, kernel=Refused)
    with pytest.raises(CollectorUnavailable, match="no key"):
        registry.open_collector()
    assert registry.open_collector("stranger").collector.name == "stranger"


@pytest.mark.parametrize("name", ["nonsense", "", "Kernel", "kernel "])
def test_an_unknown_name_is_wrong_usage_and_names_the_others(
    installed: Installed, name: str
) -> None:
    installed(kernel=Fake, traditional=Fake, stranger=Fake)
    with pytest.raises(UsageError) as caught:
        registry.open_collector(name)
    assert repr(name) in caught.value.reason
    assert "kernel, traditional, stranger" in caught.value.remedy
    assert installed.log == []


def test_nothing_installed_at_all(installed: Installed) -> None:
    installed()
    with pytest.raises(CollectorUnavailable, match="no collector is installed"):
        registry.open_collector()
    with pytest.raises(UsageError, match="make setup"):
        registry.load("kernel")


def test_everything_refused(installed: Installed) -> None:
    installed(kernel=Refused, traditional=Refused)
    with pytest.raises(CollectorUnavailable) as caught:
        registry.open_collector()
    assert caught.value.reason.count("no key; become root") == 2


def test_the_list_of_collectors(
    installed: Installed,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collector_info, "_statistics", lambda _: "")
    installed(kernel=Refused, netlink=Fake, traditional=Fake, ant=broken, bee=Fake)
    assert collector_info.collector_info(None) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Available collectors:",
        "           kernel: unavailable: no key; become root",
        "  [active] netlink (the netlink one)",
        "           traditional (the traditional one)",
        (
            "           ant: unavailable: it cannot be loaded: "
            "ImportError: no module named libbroken; reinstall ant:Made"
        ),
        "           bee (the bee one)",
    ]
    opened = [line for line in installed.log if line.endswith("open")]
    assert opened == ["netlink: open"], "only the active one, to know its details"


def test_the_list_with_a_forced_collector(
    installed: Installed,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collector_info, "_statistics", lambda _: "")
    installed(kernel=Refused, netlink=Fake, traditional=Fake, bee=Fake)
    for forced in ("traditional", "bee"):
        assert collector_info.collector_info(forced) == 0
        active = [
            line for line in capsys.readouterr().out.splitlines() if "[active]" in line
        ]
        assert active == [f"  [active] {forced} (the {forced} one)"]


def test_the_list_with_a_forced_collector_that_is_refused(
    installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(kernel=Refused, traditional=Fake)
    assert collector_info.collector_info("kernel") == 1
    assert "[active]" not in capsys.readouterr().out


# --- a slow collector while a quick one serves ----------------------------------------


def test_the_quick_one_serves_while_the_slow_one_opens(installed: Installed) -> None:
    installed(traditional=Fake, kernel=Slow)
    opened = registry.open_quickly()
    assert opened.collector.name == "traditional"
    assert (opened.better, opened.refusals) == (("kernel",), ())
    assert "kernel: open" not in installed.log


def test_only_what_is_better_is_worth_trying(installed: Installed) -> None:
    installed(kernel=Fake, netlink=Slow, traditional=Slow)
    opened = registry.open_quickly()
    assert (opened.collector.name, opened.better) == ("kernel", ())


def test_a_slow_stranger_is_not_tried(installed: Installed) -> None:
    installed(traditional=Fake, ant=Slow)
    assert registry.open_quickly().better == ()


def test_a_forced_collector_is_waited_for(installed: Installed) -> None:
    installed(kernel=Slow, traditional=Fake)
    opened = registry.open_quickly("kernel")
    assert opened.collector.name == "kernel"
    assert opened.is_forced
    assert opened.better == ()


def test_a_slow_one_that_is_broken_is_no_reason_to_wait(installed: Installed) -> None:
    installed(kernel=broken, traditional=Fake)
    opened = registry.open_quickly()
    assert opened.collector.name == "traditional"
    assert opened.better == ()
    assert any("libbroken" in line for line in opened.refusals)


# --- one that fails while it serves ---------------------------------------------------


def test_the_next_best_follows_one_that_failed(installed: Installed) -> None:
    installed(kernel=Fake, netlink=Refused, traditional=Fake)
    opened = registry.open_next(registry.open_collector(), "it broke; restart it")
    assert opened.collector.name == "traditional"
    assert opened.refusals == (
        "kernel: failed: it broke; restart it",
        "netlink: unavailable: no key; become root",
    )
    assert opened.better == ()
    assert installed.log.count("kernel: made") == 1, "not tried again"


def test_nothing_follows_a_forced_one(installed: Installed) -> None:
    installed(kernel=Fake, traditional=Fake)
    forced = registry.open_collector("kernel")
    with pytest.raises(CollectorUnavailable, match="kernel failed: it broke"):
        registry.open_next(forced, "it broke")
    assert "traditional: made" not in installed.log


def test_nothing_follows_the_last(installed: Installed) -> None:
    installed(traditional=Fake)
    with pytest.raises(CollectorUnavailable, match="traditional: failed: it broke"):
        registry.open_next(registry.open_collector(), "it broke")


def test_a_collector_that_cannot_sample_is_not_the_active_one(
    installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(netlink=Fake)
    assert collector_info.collector_info(None) == 1
    assert "netlink: unavailable: failed: " in capsys.readouterr().out
