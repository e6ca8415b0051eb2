"""`montauk config import`."""

import os
from pathlib import Path

import pytest

from montauk_tui import config
from montauk_tui.cli.config import usual_file
from tests.cli.conftest import Command

TEXT = "fields=0 1\ndelay=20\nleft_meters=Battery Memory\n"


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return montauk's settings file; htop's is below the same folder."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("MONTAUK_CONFIG", str(path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HTOPRC", raising=False)
    (tmp_path / "htop").mkdir()
    (tmp_path / "htop" / "htoprc").write_text(TEXT)
    return path


def test_the_usual_file_is_taken_and_the_rest_of_ours_kept(
    here: Command, own: Path
) -> None:
    own.write_text('# mine\ntheme = "fjord"\ninterval = 9\n')
    result = here("config", "import")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        f"saved interval, columns, meters in {own}",
        "meter 'Battery': no counterpart",
    ]
    assert own.read_text().startswith('# mine\ntheme = "fjord"\ninterval = 2.0\n')
    settings, warnings = config.load()
    assert warnings == []
    assert (settings.columns, settings.meters) == (("pid", "command"), ("memory",))
    again = here("config", "import")
    assert again.out.startswith("nothing to save")


def test_it_can_be_printed_first(here: Command, own: Path) -> None:
    result = here("config", "import", "--print")
    assert result.code == 0
    assert not own.exists()
    own.write_text(result.out)
    assert config.load()[1] == []
    assert config.load()[0].interval_s == 2.0


def test_a_file_that_is_none_is_refused(
    here: Command, own: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"a=b\n" * (1 << 17))
    (tmp_path / "other").write_text("[table]\n")
    for name, why in (
        ("pipe", "it is a pipe"), ("large", "it is larger than 256 KiB"),
        ("other", "it has no setting of htop"), ("none", "No such file"),
        ("", "directory"), ("a\0b", "embedded null"),
    ):  # fmt: skip
        result = here("config", "import", f"{tmp_path}/{name}")
        assert result.code == 1, name
        assert why in result.complaint
    assert not own.exists()


def test_it_needs_a_command(here: Command) -> None:
    assert here("config").code == 2
    assert here("config", "export").code == 2


def test_htop_looks_in_several_places(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = own.parent
    assert usual_file() == below / "htop" / "htoprc"
    (below / "htop" / "htoprc").unlink()
    assert usual_file() == below / "htop" / "htoprc"
    old = below / "home" / ".htoprc"
    old.parent.mkdir()
    old.write_text(TEXT)
    assert usual_file() == old
    monkeypatch.setenv("HTOPRC", "/elsewhere")
    assert usual_file() == Path("/elsewhere")
