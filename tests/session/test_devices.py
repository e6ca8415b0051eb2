"""The tabs of devices: their key, their needs, and actions on rows that are none."""

from dataclasses import replace
from typing import Final

import pytest

from montauk_tui.config import Settings
from montauk_tui.engine.columns.cells import command_text
from montauk_tui.engine.rows.devices import devices
from montauk_tui.model.devices import DISKS, FILESYSTEMS, INTERFACES
from montauk_tui.model.schema import Need
from montauk_tui.session.state import Session
from montauk_tui.session.table import ACTIONS
from montauk_tui.session.tabs import DEVICES, why_nothing
from tests.support.builders import make_frame, make_sample
from tests.support.churn import churning_collector
from tests.support.desk import Desk

_ARGUMENTS: Final = {
    "sort": "'pid'", "sort_or_invert": "'pid'", "nice": "1", "autogroup_nice": "1",
    "look": "'files'", "tab": "'disks'", "next_tab": "1", "move": "1", "move_page": "1",
    "scroll": "1", "shift": "1", "select": "0", "type_digit": "'1'", "go": "1",
    "go_s": "1.0", "go_to": "0.0", "go_end": "1",
}  # fmt: skip
_OF_THE_PROMPT: Final = {"prompt_typed", "prompt_again", "prompt_ended"}


def names(desk: Desk) -> list[str]:
    """Return the rows that are shown."""
    listed = desk.rows.listed
    return [command_text(listed, row) for row in desk.rows.projection.rows.tolist()]


def test_a_key_goes_through_disks_interfaces_and_file_systems() -> None:
    desk = Desk()
    seen = []
    for _ in range(4):
        desk.run("devices")
        seen.append((desk.session.choices.tab, names(desk)))
    assert seen == [
        ("disks", ["nvme0n1", "sda"]),
        ("interfaces", ["enp3s0", "lo"]),
        ("filesystems", ["/", "/boot/efi", "/srv/backup"]),
        ("disks", ["nvme0n1", "sda"]),
    ]
    desk.run("next_tab(1)")
    assert desk.session.choices.tab == "main"


@pytest.mark.parametrize(
    ("tab", "need"),
    [("disks", DISKS), ("interfaces", INTERFACES), ("filesystems", FILESYSTEMS)],
)
def test_only_the_tab_needs_them(tab: str, need: Need) -> None:
    desk = Desk()
    assert need not in desk.session.choices.needs
    desk.run(f"tab({tab!r})")
    assert need in desk.session.choices.needs


def test_they_can_be_offered_as_other_tabs() -> None:
    desk = Desk(settings=Settings(tab_order=("main", "disks")))
    assert desk.session.choices.tabs.chosen_order == ("main", "disks")
    desk.run("next_tab(1)")
    assert desk.session.choices.tab == "disks"


def test_the_filter_applies_and_those_of_processes_do_not() -> None:
    desk = Desk(settings=Settings(pids=(1,), uid=0))
    desk.run("devices")
    assert names(desk) == ["nvme0n1", "sda"]
    desk = Desk(settings=Settings(filter="disk_busy_pct > 10"))
    desk.run("devices")
    assert names(desk) == ["nvme0n1"]


@pytest.mark.parametrize("tab", DEVICES)
def test_an_empty_list_says_so(tab: str) -> None:
    desk = Desk(churning_collector(), Settings(filter="no such"))
    desk.run(f"tab({tab!r})")
    assert why_nothing(desk.rows.listed, tab) == "nothing matches the filter"
    nothing = devices(make_frame(None, make_sample([])), tab)
    assert why_nothing(nothing, tab).startswith("no ")


@pytest.mark.parametrize("tab", DEVICES)
@pytest.mark.parametrize("action", sorted({*ACTIONS} - _OF_THE_PROMPT))
def test_every_action_can_be_called_on_a_device(tab: str, action: str) -> None:
    desk = Desk()
    desk.run(f"tab({tab!r})", "move(1)")
    arguments = _ARGUMENTS.get(action)
    desk.run(action if arguments is None else f"{action}({arguments})")
    assert isinstance(desk.session, Session)


@pytest.mark.parametrize("action", ["enter", "kill", "tag", "follow"])
def test_a_device_is_not_acted_on(action: str) -> None:
    desk = Desk()
    desk.run("tab('filesystems')", action)
    assert desk.said == "this row is a device, not a process"
    assert not desk.session.choices.tags


def test_the_selection_stays_on_its_device() -> None:
    desk = Desk()
    desk.run("tab('filesystems')", "move(1)")
    chosen = desk.session.current
    desk.run("invert", "tab('main')", "tab('filesystems')")
    assert desk.session.current == chosen
    desk.sample()
    assert desk.session.current == chosen


@pytest.mark.parametrize(
    ("kind", "now", "then"),
    [
        ("disks", "no disk is known", "disks are not recorded"),
        ("interfaces", "no interface is known", "interfaces are not recorded"),
        ("filesystems", "no file system is known", "file systems are not recorded"),
    ],
)
def test_of_the_past_no_devices_are_recorded(kind: str, now: str, then: str) -> None:
    frame = make_frame(None, make_sample())
    assert why_nothing(devices(frame, kind), kind) == now
    past = replace(frame, is_recorded=True)
    assert why_nothing(devices(past, kind), kind) == then
