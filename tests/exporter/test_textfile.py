"""The file for node_exporter."""

import errno
import os
from contextlib import closing
from pathlib import Path

import pytest

from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.export.metrics.textfile import TextFile


def test_it_is_replaced_in_one_step_and_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "montauk.prom"
    with closing(TextFile(str(path))) as file:
        assert not path.exists()
        file.write(b"one 1\n")
        first = path.open("rb")
        file.write(b"two 2\n")
        # A reader that has it open keeps what it was.
        with first:
            assert first.read() == b"one 1\n"
        assert path.read_bytes() == b"two 2\n"
        assert path.stat().st_mode & 0o777 == 0o644
        assert list(tmp_path.iterdir()) == [path]
    assert list(tmp_path.iterdir()) == []


def test_the_mask_of_the_user_does_not_keep_node_exporter_out(tmp_path: Path) -> None:
    path = tmp_path / "montauk.prom"
    before = os.umask(0o077)
    try:
        with closing(TextFile(str(path))) as file:
            file.write(b"")
            assert path.stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


@pytest.mark.parametrize("name", ["montauk.txt", "montauk", ".prom", "", "a.prom.tmp"])
def test_a_file_that_node_exporter_would_not_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"does not end in \.prom"):
        TextFile(f"{tmp_path}/{name}")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MontaukError, match="No such file or directory; make the fol"):
        TextFile(str(tmp_path / "missing" / "montauk.prom"))


def test_a_link_in_its_place_is_replaced_and_its_target_kept(tmp_path: Path) -> None:
    path, target = tmp_path / "montauk.prom", tmp_path / "target"
    target.write_text("kept")
    path.symlink_to(target)
    (tmp_path / ".montauk.prom.new").symlink_to(target)
    with closing(TextFile(str(path))) as file:
        file.write(b"one 1\n")
        assert not path.is_symlink()
    assert target.read_text() == "kept"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_program_left_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "montauk.prom"
    (tmp_path / ".montauk.prom.new").write_text("half")
    with closing(TextFile(str(path))) as file:
        file.write(b"one 1\n")
        assert path.read_bytes() == b"one 1\n"
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_another_is_left_alone_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "montauk.prom"
    with closing(TextFile(str(path))) as file:
        file.write(b"one 1\n")
        path.unlink()
        path.write_text("of another")
    assert path.read_text() == "of another"


def test_a_full_disk_is_reported_once_and_may_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "montauk.prom"

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with closing(TextFile(str(path))) as file:
        file.write(b"one 1\n")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fchmod", full)
            for _ in range(3):
                file.write(b"two 2\n")
        assert path.read_bytes() == b"one 1\n", "nobody finds a part"
        assert list(tmp_path.iterdir()) == [path]
        file.write(b"three 3\n")
        assert path.read_bytes() == b"three 3\n"
    lines = capsys.readouterr().err.splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == [
        "No space left on device", "written again",
    ]  # fmt: skip
