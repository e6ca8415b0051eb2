"""The compiler flags that tell the probes where the fields lie."""

import os
import re
import struct
from pathlib import Path

import pytest

from montauk_tui.collectors.kernel.btf import DEFAULT_PATH, Btf
from montauk_tui.collectors.kernel.layout import REQUIRED, read_layout
from montauk_tui.resources import folder
from tests.collectors.kernel import btf_builder as kinds
from tests.collectors.kernel.btf_builder import BtfBuilder

needs_btf = pytest.mark.skipif(
    not os.access(DEFAULT_PATH, os.R_OK), reason=f"no {DEFAULT_PATH} here"
)


@needs_btf
def test_this_kernel_lacks_nothing() -> None:
    layout = read_layout(Btf())
    assert [used for used in layout.missing if used.macro in REQUIRED] == []
    btf = Btf()
    for used in layout.used:
        if used.field is not None:
            assert 0 <= used.field.offset <= btf.size_of(used.struct), used
            # An array at the end of a struct may be as long as it likes.
            assert used.field.size > 0 or used.field.type_name.endswith("[0]"), used


@needs_btf
def test_fields_of_this_kernel_are_of_the_size_that_is_read() -> None:
    sizes = {
        used.macro: used.field.size for used in read_layout(Btf()).used if used.field
    }
    for macro in (
        "T_pid",
        "T_tgid",
        "T_flags",
        "T_exit_state",
        "T_exit_code",
        "C_euid",
    ):
        assert sizes[macro] == 4, macro
    for macro in ("T_run", "T_start", "T_utime", "T_parent", "T_signal", "S_run"):
        assert sizes[macro] == 8, macro
    assert sizes["T_comm"] == 16


def test_every_macro_of_the_probes_is_looked_for(tmp_path: Path) -> None:
    source = "".join(path.read_text() for path in folder("probes").glob("*.[ch]"))
    used = set(re.findall(r"\b[TSYVMCPUNGKHEB]_[a-z]\w*", source))
    known = {used.macro for used in read_layout(make(tmp_path)).used}
    assert used <= known
    assert known - used == set(), "looked for in vain"


def make(
    folder: Path,
    *,
    state: str = "__state",
    parameters: int = 3,
    hook: str = "sched_process_exit",
    counter: str = "percpu_counter",
) -> Btf:
    """Return a kernel that has a little of what the probes use."""
    made = BtfBuilder()
    u32, u64 = made.integer("unsigned int", 4), made.integer("long", 8)
    made.record(
        kinds.STRUCT, "task_struct", 64, [("pid", u32, 32), (state, u32, 64)]
    )  # fmt: skip
    element = made.record(
        kinds.STRUCT, counter, 40, [("lock", u32, 0), ("count", u64, 64)]
    )
    stat = made.array(element, 4)
    made.record(kinds.STRUCT, "mm_struct", 512, [("rss_stat", stat, 128)])
    function = made.add(kinds.PTR, "", made.prototype(0, [u32] * parameters))
    made.add(kinds.TYPEDEF, f"btf_trace_{hook}", function)
    return Btf(made.write(folder))


@pytest.mark.parametrize("state", ["state", "__state"])
def test_a_field_that_was_renamed(tmp_path: Path, state: str) -> None:
    layout = read_layout(make(tmp_path, state=state))
    (used,) = (used for used in layout.used if used.macro == "T_state")
    assert used.name == state
    assert {"-DT_pid=4", "-DT_state=8"} <= set(layout.flags())


def test_a_missing_field_defines_nothing_and_is_named(tmp_path: Path) -> None:
    layout = read_layout(make(tmp_path))
    flags = layout.flags()
    missing = {used.macro for used in layout.missing}
    assert {"T_policy", "T_tgid"} <= missing
    assert not [flag for flag in flags if flag.startswith("-DT_policy")]
    assert {used.macro for used in layout.missing if used.macro in REQUIRED} >= {
        "T_tgid"
    }
    defined = {flag[2:].split("=")[0] for flag in flags}
    assert not defined & missing
    assert defined >= {used.macro for used in layout.used} - missing


def test_memory_counted_per_cpu(tmp_path: Path) -> None:
    sizes = read_layout(make(tmp_path)).sizes
    assert (sizes["rss_stat"], sizes["rss_in_counter"]) == (40, 8)


def test_memory_counted_in_atomics(tmp_path: Path) -> None:
    made = BtfBuilder()
    atomic = made.record(kinds.STRUCT, "", 8, [("counter", made.integer("s64", 8), 0)])
    counters = made.array(made.add(kinds.TYPEDEF, "atomic_long_t", atomic), 4)
    stat = made.record(kinds.STRUCT, "mm_rss_stat", 32, [("count", counters, 0)])
    made.record(kinds.STRUCT, "mm_struct", 512, [("rss_stat", stat, 128)])
    layout = read_layout(Btf(made.write(tmp_path)))
    assert (layout.sizes["rss_stat"], layout.sizes["rss_in_counter"]) == (8, 0)
    assert "-DM_rss=16" in layout.flags()


@pytest.mark.parametrize("name", ["lazy_percpu_counter", "percpu_counter_tree"])
def test_memory_counted_in_a_way_that_is_not_known(tmp_path: Path, name: str) -> None:
    layout = read_layout(make(tmp_path, counter=name))
    assert layout.sizes["rss_in_counter"] == 0
    assert "M_rss" in {used.macro for used in layout.missing}
    assert not [flag for flag in layout.flags() if flag.startswith("-DM_rss")]


@pytest.mark.parametrize(("parameters", "tells"), [(2, False), (3, True)])
def test_whether_the_exit_hook_tells_of_the_group(
    tmp_path: Path, parameters: int, *, tells: bool
) -> None:
    layout = read_layout(make(tmp_path, parameters=parameters))
    assert layout.exit_tells_group_dead is tells
    assert ("-DEXIT_TELLS_GROUP_DEAD" in layout.flags()) is tells


@pytest.mark.parametrize(("parameters", "tells"), [(4, False), (5, True)])
def test_whether_the_switch_hook_tells_the_state(
    tmp_path: Path, parameters: int, *, tells: bool
) -> None:
    layout = read_layout(make(tmp_path, parameters=parameters, hook="sched_switch"))
    assert layout.switch_tells_state is tells
    assert ("-DSWITCH_TELLS_STATE" in layout.flags()) is tells


@pytest.mark.parametrize("is_task", [False, True])
def test_whether_the_oom_killer_names_the_task_or_its_pid(
    tmp_path: Path, *, is_task: bool
) -> None:
    """Backported to some kernels: no version tells."""
    made = BtfBuilder()
    i32, void = made.integer("int", 4), made.add(kinds.PTR, "", 0)
    task = made.add(kinds.PTR, "", made.record(kinds.STRUCT, "task_struct", 64, []))
    parameters = [void, task, i32] if is_task else [void, i32]
    function = made.add(kinds.PTR, "", made.prototype(0, parameters))
    made.add(kinds.TYPEDEF, "btf_trace_mark_victim", function)
    layout = read_layout(Btf(made.write(tmp_path)))
    assert layout.victim_is_task is is_task
    assert ("-DVICTIM_IS_TASK" in layout.flags()) is is_task


def test_without_memory_cgroups_they_have_no_number(tmp_path: Path) -> None:
    layout = read_layout(make(tmp_path))
    assert layout.memory_cgroup is None
    assert not layout.victim_is_task
    assert not [flag for flag in layout.flags() if "MEMORY_CGROUP" in flag]


def test_the_number_of_the_memory_controller(tmp_path: Path) -> None:
    made = BtfBuilder()
    names = ["cpu_cgrp_id", "memory_cgrp_id"]
    rest = b"".join(
        struct.pack("<Ii", made.text(name), number) for number, name in enumerate(names)
    )
    made.add(kinds.ENUM, "cgroup_subsys_id", 4, count=2, rest=rest)
    layout = read_layout(Btf(made.write(tmp_path)))
    assert layout.memory_cgroup == 1
    assert "-DMEMORY_CGROUP=1" in layout.flags()
