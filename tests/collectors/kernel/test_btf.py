"""Type information made by hand, and cut, and spoilt."""

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from montauk_tui.collectors.kernel.btf import Btf, BtfError, Field
from montauk_tui.collectors.kernel.layout import read_layout
from tests.collectors.kernel import btf_builder as kinds
from tests.collectors.kernel.btf_builder import BtfBuilder


def sample() -> BtfBuilder:
    """A struct with all that a field may hide behind."""
    made = BtfBuilder()
    u32, u64 = made.integer("unsigned int", 4), made.integer("unsigned long", 8)
    pid_t = made.add(kinds.TYPEDEF, "pid_t", u32)
    steady = made.add(kinds.CONST, "", made.add(kinds.VOLATILE, "", pid_t))
    names = made.array(made.integer("char", 1), 16)
    inner = made.record(
        kinds.UNION, "", 8, [("left", u32, 0), ("right", u64, 0)]
    )  # fmt: skip
    deep = made.record(kinds.STRUCT, "", 16, [("", inner, 0), ("last", u64, 64)])
    entity = made.record(
        kinds.STRUCT, "entity", 16, [("load", u64, 0), ("run", u64, 64)]
    )
    alias = made.add(kinds.TYPEDEF, "entity_t", entity)
    bits = made.record(
        kinds.STRUCT,
        "flags",
        4,
        [("low", u32, 3 << 24 | 0), ("high", u32, 5 << 24 | 16)],
        flag=1,
    )
    pointer = made.add(kinds.PTR, "", entity)
    void = made.add(kinds.PTR, "", 0)
    made.record(
        kinds.STRUCT, "task", 128,
        [
            ("pid", steady, 0), ("comm", names, 32), ("", deep, 192),
            ("se", alias, 320), ("bits", bits, 448), ("parent", pointer, 512),
            ("stack", void, 576), ("mode", made.add(kinds.ENUM, "mode", 4), 640),
        ],
    )  # fmt: skip
    made.add(kinds.FWD, "task_later", 0)
    made.add(kinds.FLOAT, "double", 8)
    function = made.prototype(0, [void, pointer, u32])
    made.add(kinds.TYPEDEF, "hook_t", made.add(kinds.PTR, "", function))
    made.add(kinds.TYPEDEF, "bare_t", function)
    return made


@pytest.fixture
def btf(tmp_path: Path) -> Btf:
    return Btf(sample().write(tmp_path))


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("pid", Field(0, 4, "pid_t")),
        ("comm", Field(4, 16, "char[16]")),
        ("left", Field(24, 4, "unsigned int")),
        ("right", Field(24, 8, "unsigned long")),
        ("last", Field(32, 8, "unsigned long")),
        ("se", Field(40, 16, "entity_t")),
        ("se.run", Field(48, 8, "unsigned long")),
        ("bits.high", Field(58, 4, "unsigned int")),
        ("parent", Field(64, 8, "struct entity *")),
        ("stack", Field(72, 8, "void *")),
        ("mode", Field(80, 4, "enum mode")),
    ],
)
def test_where_a_field_lies(btf: Btf, path: str, field: Field) -> None:
    assert btf.field("task", path) == field


@pytest.mark.parametrize("path", ["none", "pid.x", "se.none", "comm.x", "parent.load"])
def test_a_field_that_is_not_there(btf: Btf, path: str) -> None:
    assert btf.field("task", path) is None


@pytest.mark.parametrize("name", ["none", "pid_t", "task_later", "tas", "ask", "mode"])
def test_a_struct_that_is_not_there(btf: Btf, name: str) -> None:
    assert btf.field(name, "pid") is None
    assert btf.size_of(name) == 0


def test_sizes_and_parameters(btf: Btf) -> None:
    assert (btf.size_of("task"), btf.size_of("entity")) == (128, 16)
    assert btf.parameters("hook_t") == btf.parameters("bare_t") == 3
    assert btf.parameters("pid_t") == btf.parameters("none") == 0


def test_a_name_that_two_kinds_share(tmp_path: Path) -> None:
    """As `struct pid` and a typedef may: each name is there as often as it is used."""
    made = BtfBuilder()
    u32 = made.integer("twin", 4)
    made.add(kinds.TYPEDEF, "twin", u32)
    made.record(kinds.STRUCT, "twin", 4, [("field", u32, 0)])
    assert Btf(made.write(tmp_path)).size_of("twin") == 4


def use(path: str) -> None:
    """Ask for everything that the collector asks for."""
    btf = Btf(path)
    for name in ("pid", "comm", "right", "se.run", "bits.high", "parent", "mode"):
        btf.field("task", name)
    btf.parameters("hook_t")
    btf.size_of("task")
    read_layout(btf)


def test_a_file_cut_anywhere_is_an_error_of_its_own(tmp_path: Path) -> None:
    whole, path = sample().blob(), tmp_path / "btf"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(BtfError):
            Btf(str(path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_anything_at_all_is_an_error_of_its_own(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "btf"
    for content in (raw, struct.pack("<HBBI", kinds.MAGIC, 1, 0, 24) + raw):
        path.write_bytes(content)
        with contextlib.suppress(BtfError):
            use(str(path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(st.integers(0, len(sample().blob()) - 1), st.integers(0, 255), st.data())
def test_a_changed_byte_is_read_or_an_error(
    tmp_path: Path, at: int, value: int, data: st.DataObject
) -> None:
    raw = bytearray(sample().blob())
    raw[at] = value
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "btf"
    path.write_bytes(raw)
    with contextlib.suppress(BtfError):
        use(str(path))


def test_another_byte_order_is_told(tmp_path: Path) -> None:
    (tmp_path / "btf").write_bytes(sample().blob()[1::-1] + sample().blob()[2:])
    with pytest.raises(BtfError, match="byte order"):
        Btf(str(tmp_path / "btf"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="btf"):
        Btf(str(tmp_path / "btf"))
