"""Compiled probes that are kept: only what is whole and only root's serves again."""

import errno
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors.kernel import loader
from montauk_tui.collectors.kernel.cache import (
    MOST_FILES,
    Cache,
    Refused,
    digest,
    key,
)
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.kernel.loader import Loaded, Loader

NAME = key([b"this kernel"])
OTHER = key([b"another"])
DATA = {"maps": {}, "programs": {}, "bcc": "0.26.0"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "montauk"


@pytest.fixture
def cache(folder: Path) -> Iterator[Cache]:
    made = Cache(str(folder))
    yield made
    made.close()


def test_what_was_stored_comes_back(cache: Cache, folder: Path) -> None:
    assert cache.read(NAME) is None
    cache.write(NAME, DATA)
    assert cache.read(NAME) == DATA
    assert cache.read(OTHER) is None
    assert [path.name for path in folder.iterdir()] == [NAME]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / NAME).stat().st_mode & 0o777 == 0o600


def test_every_part_of_the_key_counts() -> None:
    keys = {
        key(parts) for parts in ([b"ab", b"c"], [b"a", b"bc"], [b"abc"], [b"", b"abc"])
    }
    assert len(keys) == 4
    assert key([b"ab", b"c"]) in keys


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-3] ^= 1
    path.write_bytes(raw)


def replaced(path: Path, make: Callable[[Path], None]) -> None:
    path.unlink()
    make(path)


def linked(path: Path) -> None:
    there = path.with_name("elsewhere")
    path.rename(there)
    path.symlink_to(there)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a bit": flip,
    "cut": lambda path: os.truncate(path, path.stat().st_size - 1),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b" "),
    "empty": lambda path: os.truncate(path, 0),
    "another's": lambda path: path.with_name(OTHER).rename(path),
    "for others to write": lambda path: path.chmod(0o602),
    "for a group to write": lambda path: path.chmod(0o620),
    "a link": linked,
    "a FIFO": lambda path: replaced(path, os.mkfifo),
    "a folder": lambda path: replaced(path, Path.mkdir),
    "endless": lambda path: os.truncate(path, 1 << 40),
    "no JSON": lambda path: path.write_bytes(digest(NAME, b"x") + b"x"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_not_as_it_was_written_does_not_serve(
    cache: Cache, folder: Path, damage: str
) -> None:
    cache.write(OTHER, DATA)
    cache.write(NAME, DATA)
    DAMAGES[damage](folder / NAME)
    assert cache.read(NAME) is None


@pytest.mark.privileged
@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_somebody_else_does_not_serve(cache: Cache, folder: Path) -> None:
    cache.write(NAME, DATA)
    os.chown(folder / NAME, 4242, 0)
    assert cache.read(NAME) is None


def test_a_folder_that_others_could_write_is_not_used(tmp_path: Path) -> None:
    for number, mode in enumerate((0o777, 0o1777, 0o770, 0o755)):
        folder = tmp_path / str(number)
        folder.mkdir()
        folder.chmod(mode)
        with pytest.raises(Refused):
            Cache(str(folder))


def test_a_folder_below_one_that_others_write_is_not_used(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir()
    above.chmod(0o777)
    with pytest.raises(Refused, match="above may be written by everybody"):
        Cache(str(above / "montauk"))


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(0o700)
    (tmp_path / "montauk").symlink_to(tmp_path / "real")
    with pytest.raises(OSError, match="montauk"):
        Cache(str(tmp_path / "montauk"))


@pytest.mark.privileged
@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_folder_of_somebody_else_is_not_used(folder: Path) -> None:
    folder.mkdir(0o700)
    os.chown(folder, 4242, 0)
    with pytest.raises(Refused):
        Cache(str(folder))


def test_it_does_not_grow_without_end(cache: Cache, folder: Path) -> None:
    names = [key([bytes([number])]) for number in range(MOST_FILES + 3)]
    for age, name in enumerate(names):
        cache.write(name, DATA)
        os.utime(folder / name, (1000.0 + age, 1000.0 + age))
    stale = folder / f".{NAME}.1"
    stale.write_bytes(b"half")
    os.utime(stale, (1000.0, 1000.0))
    fresh = folder / f".{NAME}.2"
    fresh.write_bytes(b"half")
    cache.write(NAME, DATA)
    kept = {path.name for path in folder.iterdir()}
    assert kept == {NAME, fresh.name, *names[-MOST_FILES + 1 :]}


def test_what_is_used_is_not_old(cache: Cache, folder: Path) -> None:
    cache.write(NAME, DATA)
    os.utime(folder / NAME, (1000.0, 1000.0))
    assert cache.read(NAME) == DATA
    assert (folder / NAME).stat().st_mtime > 1000.0


def test_a_file_whose_time_cannot_be_set_serves(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_read_only(_: int) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    cache.write(NAME, DATA)
    monkeypatch.setattr(os, "utime", is_read_only)
    assert cache.read(NAME) == DATA


def test_a_full_disk_leaves_nothing_half_written(
    cache: Cache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write(NAME, DATA)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(OSError, match="No space"):
        cache.write(OTHER, DATA)
    assert [path.name for path in folder.iterdir()] == [NAME]


# --- with the loader ------------------------------------------------------------------


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Callable[[], bool]:
    """Open the kernel collector once; tell whether its probes were compiled."""
    state = KernelCollector().availability()
    if not state.available:
        pytest.skip(f"no kernel collector here: {state.reason}")
    if os.geteuid() != 0:
        pytest.skip("only root has a cache")
    monkeypatch.setattr(loader, "CACHE", str(folder))
    told: list[Loaded] = []

    class Telling(Loader):
        def load(self, *given: Any, **named: Any) -> Loaded:
            told.append(super().load(*given, **named))
            return told[-1]

    monkeypatch.setattr(loader, "Loader", Telling)

    def run() -> bool:
        with KernelCollector():
            return told[-1].is_compiled

    return run


@pytest.mark.privileged
def test_the_second_start_compiles_nothing(
    load: Callable[[], bool], folder: Path
) -> None:
    assert load()
    (entry,) = folder.iterdir()
    assert not load()
    flip(entry)
    assert load(), "a damaged file is no reason to fail"
    assert not load(), "and is replaced"


@pytest.mark.privileged
def test_what_the_kernel_or_the_loader_refuses_is_compiled_anew(
    load: Callable[[], bool], folder: Path
) -> None:
    assert load()
    (entry,) = folder.iterdir()
    for spoil in (no_instruction, no_such_map, no_iterator, nothing):
        cache = Cache(str(folder))
        kept = cache.read(entry.name)
        cache.write(entry.name, spoil(kept))
        cache.close()
        assert load(), spoil
    assert not load()


def no_instruction(kept: Any) -> Any:
    kept["programs"]["exit_tracepoint"] = ["AAAAAAAAAAA=", []]
    return kept


def no_such_map(kept: Any) -> Any:
    kept["maps"]["lives"][0] = 9999
    return kept


def no_iterator(kept: Any) -> Any:
    del kept["programs"]["bpf_iter__task"]
    return kept


def nothing(_kept: Any) -> Any:
    return []


@pytest.mark.privileged
def test_a_limit_of_file_sizes_costs_the_cache_only(
    load: Callable[[], bool], folder: Path
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        assert load()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(folder.iterdir()) == []


@pytest.mark.privileged
def test_a_folder_that_is_not_safe_costs_the_cache_only(
    load: Callable[[], bool], folder: Path
) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    assert load()
    assert list(folder.iterdir()) == []
