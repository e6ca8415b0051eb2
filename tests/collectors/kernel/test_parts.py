"""Parts of the probes that are loaded or not."""

import mmap
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from montauk_tui.collectors.kernel import btf, loader_main
from montauk_tui.collectors.kernel.attached import Refused
from montauk_tui.collectors.kernel.loader import Loader
from montauk_tui.collectors.kernel.parts import CORE, EVERY, READERS, Part
from montauk_tui.collectors.kernel.sizes import Sizes, possible_cpus
from montauk_tui.resources import folder

ALL = (*EVERY, READERS)
FILES = sorted(
    str(path.relative_to(folder("probes"))) for path in folder("probes").rglob("*.[ch]")
)
EXTRA = Part("extra.c", ("programs",), (("count_program", "sched_process_exec"),))
EXTRA_C = """
#include "base.h"
BPF_F_TABLE("array", u32, u64, programs, 1, BPF_F_MMAPABLE);
int count_program(u64 *ctx)
{
    u32 first = 0;
    u64 *count = programs.lookup(&first);
    if (count)
        __sync_fetch_and_add(count, 1);
    return 0;
}
"""


@pytest.fixture
def probes(tmp_path: Path) -> Path:
    copy = tmp_path / "probes"
    shutil.copytree(folder("probes"), copy)
    (copy / EXTRA.file).write_text(EXTRA_C)
    return copy


def source(*parts: Part) -> loader_main.Source:
    # As the loader gets them: JSON has lists.
    listed = [list(part) for part in parts]
    return loader_main.Source({"packages": [], "defines": {}, "parts": listed})


@pytest.mark.skipif(not Path("/sys/kernel/btf/vmlinux").exists(), reason="no BTF")
class TestText:
    """What the compiler is given."""

    def test_every_file_counts(
        self, probes: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(probes)
        keys = {source(*ALL).key}
        for name in FILES:
            before = (probes / name).read_bytes()
            (probes / name).write_bytes(before + b"/* changed */")
            keys.add(source(*ALL).key)
            (probes / name).write_bytes(before)
        assert len(keys) == 1 + len(FILES)
        assert source(*ALL).key in keys

    def test_the_types_are_read_where_no_build_id_tells_kernels_apart(
        self, probes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """They are 5 MB; each start would read them."""
        monkeypatch.chdir(probes)
        notes, types = tmp_path / "notes", tmp_path / "types"
        monkeypatch.setattr(loader_main, "_NOTES", str(notes))
        monkeypatch.setattr(btf, "DEFAULT_PATH", str(types))
        keys = set()
        for build in (b"a", b"b"):
            notes.write_bytes(struct.pack("<III4s", 4, 1, 3, b"GNU\0") + build)
            keys.add(source(*ALL).key)
        notes.write_bytes(struct.pack("<III4s", 4, 1, 1, b"GNU\0"))
        for text in (b"c", b"d"):
            types.write_bytes(text)
            keys.add(source(*ALL).key)
        notes.unlink()
        assert source(*ALL).key in keys
        assert len(keys) == 4
        types.unlink()
        with pytest.raises(Refused, match="type information cannot be read"):
            source(*ALL)

    def test_a_header_is_there_once_and_no_include_is_left(
        self, probes: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(probes)
        text = source(*CORE)._text  # noqa: SLF001
        assert text.count("struct counts *my_counts(void)") == 1
        assert '#include "' not in text
        assert "count_program" not in text

    def test_a_part_is_another_program(
        self, probes: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(probes)
        more = source(*CORE, EXTRA)
        assert more.key != source(*CORE).key
        assert more.maps == [*source(*CORE).maps, "programs"]
        assert "count_program" in more._text  # noqa: SLF001


@pytest.mark.privileged
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may load programs")
def test_a_part_runs_where_it_is_loaded(probes: Path) -> None:
    defines = Sizes(possible_cpus(), 1024).defines()
    loaded = Loader().load(probes, defines, "auto", parts=(*CORE, EXTRA))
    try:
        assert "count_program" in loaded.descriptors
        with mmap.mmap(
            loaded.descriptors["programs"], mmap.PAGESIZE, prot=mmap.PROT_READ
        ) as values:
            (before,) = struct.unpack_from("=Q", values)
            for _ in range(3):
                subprocess.run(["/bin/true"], check=True)
            (after,) = struct.unpack_from("=Q", values)
        assert after - before >= 3
    finally:
        loaded.close()
    loaded = Loader().load(probes, defines, "auto")
    loaded.close()
    assert not {"programs", "count_program"} & set(loaded.descriptors)
