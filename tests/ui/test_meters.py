"""The header: every CPU is there, and no line is wider than the screen."""

import dataclasses
import math
import re
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montauk_tui.engine.meters import DEFAULT, METERS, parse
from montauk_tui.model.devices import NO_DEVICES, Devices
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import Moment
from montauk_tui.resources import folder
from montauk_tui.ui import themes
from montauk_tui.ui.widgets.lines import Line, line_width
from montauk_tui.ui.widgets.meters import MeterStyle, draw_meters
from montauk_tui.ui.widgets.meters.layout import arranged
from tests.support.builders import make_frame, make_host, make_sample
from tests.support.scenes import scene_frame

CPUS: Final = (1, 2, 3, 4, 6, 7, 8, 16, 17, 64, 128, 256)

WIDTHS: Final = (40, 80, 120, 200)

THEME: Final = themes.load(themes.DEFAULT, [folder("themes")])

HEAT: Final = " ▁▂▃▄▅▆▇█"


def look(width: int, rows: int = 4, *, ascii_only: bool = False) -> MeterStyle:
    return MeterStyle(THEME, ascii_only, width, rows, 2 * rows + 6)


def entries(*words: str, width: int = 80, lines: int = 8) -> list[str]:
    """Return the header of chosen meters, without its title."""
    chosen = MeterStyle(THEME, ascii=False, width=width, rows=4, lines=lines)
    chosen = dataclasses.replace(chosen, chosen=parse(words))
    return texts(draw_meters(remembered(), chosen))[1:]


def remembered(cpus: int = 8, count: int = 90) -> Frame:
    """Return a frame that looks back at some intervals, one of them unknown."""
    frame = scene_frame(cpus)
    past: tuple[Moment, ...] = ()
    for step in range(count):
        up = step / count
        known = Moment(up, 0.5, 0.1, 1e6 * up, 1e3, 0.0, 1e7 * up, 8 * up, 60.0, 3e9)
        past += (known if step != 7 else Moment(*[math.nan] * len(known)),)
    history = dataclasses.replace(frame.history, moments=past)
    return dataclasses.replace(frame, history=history)


def texts(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def labels(lines: list[str]) -> set[int]:
    """Return the numbers of the CPUs that have a bar."""
    found = set()
    for line in lines:
        for part in line.split("[")[:-1]:
            label = part.split("]")[-1].strip()
            if label.isdigit():
                found.add(int(label))
    return found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("cpus", CPUS)
@pytest.mark.parametrize("rows", [1, 4, 8])
def test_every_cpu_is_there_and_every_line_fits(
    cpus: int, width: int, rows: int
) -> None:
    lines = draw_meters(scene_frame(cpus), look(width, rows))
    assert all(line_width(line) <= width for line in lines), texts(lines)
    _, *shown = texts(lines)
    bars = [line for line in shown if "[" in line]
    strip = [line for line in shown if re.match(rf" *\d+ [{HEAT}]", line)]
    everyone = set(range(cpus))
    is_strip = sum(char in HEAT[1:] for line in strip for char in line[5:]) == cpus
    # On the lowest of screens very many CPUs are one average.
    is_average = rows == 1 and not strip and any("CPU[" in line for line in bars)
    assert labels(bars) == everyone or is_strip or is_average, shown
    if width > 40 or rows > 1:
        assert any("Mem" in line for line in bars)
        assert any("Swp" in line for line in bars)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("cpus", CPUS)
def test_bars_stand_in_columns(cpus: int, width: int) -> None:
    _, *lines = texts(draw_meters(scene_frame(cpus), look(width)))
    bars = [line for line in lines if "[" in line]
    if labels(bars):
        first = next(line for line in bars if line.startswith("   0["))
        starts = [at for at, char in enumerate(first) if char == "["]
        for line in bars:
            if not line.lstrip().startswith("Mem"):
                assert {at for at, char in enumerate(line) if char == "["} <= {*starts}


@pytest.mark.parametrize("width", [1, 5, 10, 16, 20, 30])
@pytest.mark.parametrize("cpus", [1, 8, 64])
def test_a_screen_too_narrow_for_bars_breaks_nothing(cpus: int, width: int) -> None:
    assert draw_meters(scene_frame(cpus), look(width))


@pytest.mark.parametrize("cpus", [4, 256])
def test_ascii_is_drawn_with_ascii_alone(cpus: int) -> None:
    for width in WIDTHS:
        lines = texts(draw_meters(scene_frame(cpus), look(width, ascii_only=True)))
        assert all(line.isascii() for line in lines)


def busy(**shares: float) -> Frame:
    """Return a frame of one CPU that did that in the last second."""
    kinds = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    ticks = [shares.get(kind, 0.0) * 100 for kind in kinds] + [0.0, 0.0]
    before = make_sample(host=make_host([[0.0] * 10]))
    return make_frame(before, make_sample(host=make_host([ticks]), after_s=1.0))


def first_bar(frame: Frame, width: int = 132) -> str:
    """Return the inside of the first CPU's bar."""
    line = texts(draw_meters(frame, look(width)))[1]
    return line[line.index("[") + 1 : line.index("]")]


def test_the_kinds_of_a_bar_have_signs_of_their_own_in_order() -> None:
    kinds = {"user": 0.2, "nice": 0.1, "system": 0.2, "irq": 0.05, "softirq": 0.05}
    bar = first_bar(busy(**kinds, steal=0.1, idle=0.3))
    cells = len(bar)
    # What the hypervisor kept for itself was not used.
    assert bar.endswith("60.0%")
    assert cells == 44
    assert bar[:31] == "|" * 9 + ":" * 4 + "#" * 9 + "*" * 4 + "~" * 5
    assert bar[31:-5].isspace()


def test_an_idle_cpu_and_waiting_for_io_are_an_empty_bar() -> None:
    bar = first_bar(busy(idle=0.4, iowait=0.6))
    assert bar.strip() == "0.0%"


def test_a_full_bar_ends_in_its_bracket() -> None:
    assert first_bar(busy(user=1.0)).rstrip("0123456789.%").strip("|") == ""


def test_without_rates_a_bar_says_that_nothing_is_known() -> None:
    frame = make_frame(None, make_sample(host=make_host([[1.0] * 10] * 2)))
    assert math.isnan(frame.host_rates.machine_busy)
    assert first_bar(frame).strip(" ").startswith("-")
    assert draw_meters(frame, look(40, 1))


def test_the_memory_bar_tells_used_buffers_and_cache_apart() -> None:
    lines = texts(draw_meters(scene_frame(4), look(132)))
    memory = next(line for line in lines if "Mem" in line)
    bar = memory[memory.index("Mem[") + 4 : memory.rindex("]")]
    assert bar.endswith("24G/31G")
    used, buffers = bar.count("|"), bar.count("#")
    assert used > 25
    assert buffers >= 1
    assert "." in bar[used + buffers : -7]


@pytest.mark.parametrize(("width", "has_history"), [(130, False), (200, True)])
def test_beside_capped_bars_is_the_history(width: int, *, has_history: bool) -> None:
    lines = texts(draw_meters(remembered(2), look(width)))
    bars = [line for line in lines if line.startswith(("   0[", "   1["))]
    assert len(bars) == 2
    for line in bars:
        assert line.index("]") == (49 if has_history else width // 2 - 1)
        assert any(char >= "\u2800" for char in line[50 : width // 2]) is has_history
    memory = next(line for line in lines if "Mem[" in line)
    assert any(char >= "\u2800" for char in memory[width // 2 :]) is has_history


@pytest.mark.parametrize(
    ("width", "end"),
    [(80, " 63"), (120, " 63  busiest 0: 22.0%"), (200, " 63  busiest 0: 22.0%")],
)
def test_the_end_of_a_strip_is_labelled(width: int, end: str) -> None:
    lines = texts(draw_meters(scene_frame(64), look(width, 1)))
    strip = next(line for line in lines if re.match(rf"   0 [{HEAT}]", line))
    assert strip.rstrip().endswith(end)


def test_no_swap_is_an_empty_bar() -> None:
    host = make_host()
    memory = dataclasses.replace(host.memory, swap_total=0, swap_free=0)
    frame = make_frame(None, make_sample(host=dataclasses.replace(host, memory=memory)))
    line = next(line for line in texts(draw_meters(frame, look(132))) if "Swp[" in line)
    assert "|" not in line.split("Swp[")[1]


def test_numbers_of_cpus_that_are_offline_are_left_out() -> None:
    ticks = [[100.0, 0, 0, 300.0, 0, 0, 0, 0, 0, 0]] * 3
    host = make_host(ticks, cpu_ids=[0, 2, 5])
    frame = make_frame(None, make_sample(host=host))
    assert labels(texts(draw_meters(frame, look(120)))) == {0, 2, 5}


def test_the_title_leaves_out_from_the_end_what_does_not_fit() -> None:
    frame = scene_frame()
    whole = texts(draw_meters(frame, look(200)))[0]
    for word in ("montauk", "build-07", "up 420 d 04:12", "load 12.41 9.13 4.02"):
        assert word in whole
    for width in range(20, 130, 7):
        assert whole.startswith(texts(draw_meters(frame, look(width)))[0].rstrip())


def test_a_heat_strip_is_the_higher_the_busier() -> None:
    frame = scene_frame(64, processes=100)
    lines = texts(draw_meters(frame, look(80, 1)))
    strip = lines[1][5:69]
    levels = np.array([HEAT.index(char) for char in strip])
    order = np.argsort(frame.host_rates.busy_share, kind="stable")
    assert np.all(np.diff(levels[order]) >= 0)
    assert levels.min() < levels.max()


# --- chosen meters --------------------------------------------------------------------

EVERY: Final = [
    f"{meter.id}:{style}" for meter in METERS.values() for style in meter.styles
]

FRAMES: Final = {
    "known": remembered(),
    "many": remembered(256),
    "none": make_frame(None, make_sample(host=make_host(pressure={}))),
}


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(EVERY), min_size=1, max_size=8),
    st.integers(10, 200),
    st.integers(1, 16),
    st.sampled_from(sorted(FRAMES)),
    st.booleans(),
)
def test_any_meters_fit_into_any_screen(
    chosen: list[str],
    width: int,
    lines: int,
    name: str,
    ascii_only: bool,  # noqa: FBT001
) -> None:
    rows = max(1, lines // 2)
    wanted = MeterStyle(THEME, ascii_only, width, rows, lines, parse(chosen))
    title, *drawn = draw_meters(FRAMES[name], wanted)
    assert len(drawn) <= lines
    assert all(line_width(line) <= width for line in drawn), texts(drawn)
    if ascii_only:
        assert all(line.isascii() for line in texts([title, *drawn]))


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("entry", EVERY)
def test_every_meter_in_every_style_at_every_width(
    entry: str, *, ascii_only: bool
) -> None:
    for width in range(10, 201):
        wanted = MeterStyle(THEME, ascii_only, width, 4, 6, parse([entry]))
        for frame in FRAMES.values():
            drawn = draw_meters(frame, wanted)[1:]
            assert drawn
            assert all(line_width(line) <= width for line in drawn), (width, drawn)
            if ascii_only:
                assert all(line.isascii() for line in texts(drawn))


def test_the_meters_stand_in_the_order_of_the_list() -> None:
    lines = entries("swap", "network", "memory", "uptime")
    assert [line[:4].strip() for line in lines] == ["Swp", "Net"]
    assert [line[40:44].strip() for line in lines] == ["Mem", "Up"]


def test_what_has_no_room_goes_from_the_end_of_the_list() -> None:
    names = ["memory", "swap", "pressure", "network", "disk", "load"]
    whole = "".join(entries(*names, width=40, lines=8))
    for lines in range(1, 6):
        shown = "".join(entries(*names, width=40, lines=lines))
        titles = [METERS[name].title for name in names]
        found = [title in shown for title in titles]
        assert found == sorted(found, reverse=True)
        assert any(found)
        assert not all(found) or shown == whole


def test_an_empty_list_leaves_the_title() -> None:
    assert entries() == []


def test_usual_meters_of_two_cpus_leave_the_bars_left_and_memory_right() -> None:
    frame = scene_frame(2)
    lines = texts(draw_meters(frame, look(80)))[1:]
    assert [line[:4].strip() for line in lines] == ["0", "1", "Net"]
    assert [line[40:44].strip() for line in lines] == ["Mem", "Swp", "Pres"]
    assert "Disk" in lines[2][:40]


@pytest.mark.parametrize("devices", [NO_DEVICES, Devices(1.0, (), ())])
def test_what_a_machine_lacks_is_left_out_unless_it_was_chosen(
    devices: Devices,
) -> None:
    host = make_host(pressure={}, devices=devices, temperatures=(), frequencies=())
    frame = make_frame(None, make_sample(host=host))
    usual = "".join(texts(draw_meters(frame, look(120))))
    assert "Mem" in usual
    assert not any(title in usual for title in ("PSI", "Net", "Disk"))
    names = (*DEFAULT, "temperature", "frequency")
    chosen = dataclasses.replace(look(120), chosen=parse(names))
    said = "".join(texts(draw_meters(frame, chosen)))
    for title, reason in {
        "PSI": "not in this kernel",
        "Net": "no interface" if devices.interfaces is not None else "cannot be read",
        "Disk": "no disk" if devices.disks is not None else "cannot be read",
        "Tmp": "no CPU sensor",
        "Frq": "no cpufreq",
    }.items():
        assert f"{title} -  {reason}" in said


def test_an_unknown_rate_is_no_zero() -> None:
    after = scene_frame().sample
    (line,) = [
        line
        for line in texts(draw_meters(make_frame(None, after), look(120)))
        if "Net" in line
    ]
    assert line.split("Net")[1].split()[:5] == ["↓", "-/s", "↑", "-/s", "Disk"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("network", "Net ↓   12M/s in  ↑  332K/s out"),
        ("disk", "Disk r  3.2M/s  w   46M/s  busy  62%  nvme0n1"),
        ("temperature", "Tmp 67°C  Package id 0  limit 100°C"),
        ("frequency", "Frq 3.65GHz  highest 4.10GHz  limit 4.80GHz"),
        ("load", "LA 12.41 9.13 4.02  of 8"),
        ("tasks", "Tsk 54  threads 123  running 14"),
        ("uptime", "Up 420 d 04:12"),
        ("swap:text", "Swp used 683M  cached 102M  of 8.0G"),
        (
            "memory:text",
            "Mem used 24G  shared 256M  buffers 512M  cache 4.8G  available 7.0G  of 31G",  # noqa: E501 - as on the screen
        ),
    ],
)
def test_what_the_figures_say(entry: str, said: str) -> None:
    (line,) = entries(entry, width=120)
    assert line.strip() == said


def test_a_graph_takes_the_lines_that_are_left_beside_it() -> None:
    lines = entries("cpu:graph", "memory", "swap", "pressure")
    assert len(lines) == 3
    assert all(line.startswith(" " * 13) for line in lines[1:])
    assert lines[0].startswith(" CPU   98.9% ")
    assert all(line[13:39].strip() for line in lines)


def test_the_two_directions_of_a_graph_stand_against_each_other() -> None:
    above, below = entries("network:graph", width=60)
    assert above.startswith(" Net ↓")
    assert below.startswith("     ↑")
    assert "⣿" in above
    assert set(below[14:-1]) == {"⣿", "⡇"}


def test_the_graph_shows_when_nothing_was_known() -> None:
    (line,) = entries("load:graph", width=120, lines=1)
    # 90 values are 45 cells: the fourth of them has the unknown one on its right.
    assert line[:119].rstrip()[-45:][3] in "⡀⡄⡆⡇"


def test_meters_are_arranged_once_for_a_size() -> None:
    first = scene_frame(4)
    host = dataclasses.replace(first.sample.host, load=(9.0, 9.0, 9.0))
    other = dataclasses.replace(
        first, sample=dataclasses.replace(first.sample, host=host)
    )
    draw_meters(first, look(200))
    before = arranged.cache_info()
    assert draw_meters(other, look(200)) != draw_meters(first, look(200))
    after = arranged.cache_info()
    assert (after.hits, after.misses) == (before.hits + 2, before.misses)
