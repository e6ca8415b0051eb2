"""What the kernel collector says of a host that lacks something: one line each."""

import dataclasses
import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from montauk_tui.collectors.base import Availability
from montauk_tui.collectors.kernel import loader, origin, sizes
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.kernel.requirements import Host, check
from montauk_tui.errors import CollectorUnavailable, ResourceMissing

ALL = 0x1FFFFFFFFFF
CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF = 1 << 21, 1 << 38, 1 << 39


class Place:
    """A host that has everything, in a folder; tests take things away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = folder / "dist-packages" / "bcc"
        package.mkdir(parents=True)
        self.bcc = self._write("dist-packages/bcc/libbcc.py", "")
        self.python = self._write("python3", "#!/bin/sh\n")
        self.python.chmod(0o755)
        self.host = Host(
            release="6.12.0-13-amd64",
            btf=self._write("vmlinux", "BTF"),
            lockdown=self._write("lockdown", "[none] integrity confidentiality\n"),
            status=self.capabilities(ALL),
            uid_map=self._write("uid_map", "         0          0 4294967295\n"),
            packages=[str(package.parent)],
            interpreters=[str(self.python)],
        )

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "ascii")
        return path

    def capabilities(self, effective: int, uid: int = 0) -> Path:
        return self._write(
            "status",
            f"Name:\tmontauk\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n"
            f"CapPrm:\t{ALL:016x}\nCapEff:\t{effective:016x}\nCapBnd:\t{ALL:016x}\n",
        )

    def without(self, **replaced: object) -> Availability:
        return check(dataclasses.replace(self.host, **replaced))  # type: ignore[arg-type]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def line(state: Availability) -> str:
    """Return the reason and the remedy, each one line without a full stop."""
    assert not state.available
    for half in (state.reason, state.remedy):
        assert half
        assert half.isprintable()
        assert not half.endswith(".")
    return f"{state.reason}; {state.remedy}"


def test_a_host_that_has_everything(place: Place) -> None:
    assert check(place.host) == Availability(available=True)


def test_the_host_we_are_on_is_told_without_side_effect() -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    state = check()
    assert state == check()
    assert state.available or line(state)
    assert sorted(Path("/proc/self/fd").iterdir()) == before


# --- kernel ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "release", ["5.7.19", "5.4.0-150-generic", "4.19.0-26-amd64", "3.10.0-1160.el7"]
)
def test_an_old_kernel(place: Place, release: str) -> None:
    said = line(place.without(release=release))
    assert release in said
    assert "5.8" in said


@pytest.mark.parametrize(
    "release", ["5.8.0", "5.8", "5.10.0-32-amd64", "6.1+", "10.0-rc1", "unknown", ""]
)
def test_a_kernel_that_will_do_or_cannot_be_told(place: Place, release: str) -> None:
    assert place.without(release=release).available


def test_no_type_information(place: Place, tmp_path: Path) -> None:
    said = line(place.without(btf=tmp_path / "none"))
    assert said.startswith(f"no {tmp_path / 'none'}; ")
    assert "CONFIG_DEBUG_INFO_BTF" in said


def test_type_information_that_is_not_for_us(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: path != place.host.btf)
    assert "may not be read; run it as root" in line(place.without())


@pytest.mark.parametrize(
    ("text", "is_fine"),
    [
        ("[none] integrity confidentiality\n", True),
        ("none [integrity] confidentiality\n", True),
        ("none integrity [confidentiality]\n", False),
        ("", True),
    ],
)
def test_lockdown(place: Place, text: str, *, is_fine: bool) -> None:
    place.host.lockdown.write_text(text, "ascii")
    state = check(place.host)
    assert state.available == is_fine
    assert is_fine or "lockdown=integrity" in line(state)


def test_a_kernel_without_lockdown(place: Place, tmp_path: Path) -> None:
    assert place.without(lockdown=tmp_path / "none").available


# --- BCC ------------------------------------------------------------------------------


def test_no_bcc_for_any_interpreter(place: Place) -> None:
    place.bcc.unlink()
    said = line(place.without())
    for package in ("python3-bpfcc", "python3-bcc", "python-bcc"):
        assert package in said


def test_bcc_is_found_where_a_version_is_in_the_path(place: Place) -> None:
    pattern = str(place.bcc.parent.parent.parent / "dist-*")
    assert place.without(packages=["/nowhere", pattern]).available


def test_another_project_called_bcc_does_not_count(place: Place) -> None:
    place.bcc.rename(place.bcc.with_name("lattice.py"))
    assert not place.without().available


def test_bcc_but_no_interpreter(place: Place) -> None:
    assert "no Python" in line(place.without(interpreters=["/nowhere/python3"]))
    place.python.chmod(0o644)
    assert "no Python" in line(place.without())


# --- privilege ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effective", "said"),
    [
        (0, "no CAP_BPF and CAP_PERFMON"),
        (CAP_BPF, "no CAP_PERFMON"),
        (CAP_PERFMON, "no CAP_BPF"),
        (ALL & ~(CAP_SYS_ADMIN | CAP_BPF), "no CAP_BPF"),
    ],
)
def test_no_privilege(place: Place, effective: int, said: str) -> None:
    place.capabilities(effective, uid=1000)
    assert (
        line(place.without())
        == f"{said}; run it as root, or once: sudo montauk probes load"
    )


@pytest.mark.parametrize("effective", [CAP_BPF | CAP_PERFMON, CAP_SYS_ADMIN])
def test_enough_privilege(place: Place, effective: int) -> None:
    place.capabilities(effective, uid=1000)
    assert place.without().available


def test_root_without_capabilities_is_not_told_to_become_root(place: Place) -> None:
    place.capabilities(0)
    assert "sudo" not in line(place.without())


def test_what_cannot_be_mended_is_said_before_privilege(place: Place) -> None:
    place.capabilities(0, uid=1000)
    assert "5.8" in line(place.without(release="4.19.0"))
    place.bcc.unlink()
    assert "BCC" in line(place.without())


def test_without_proc(place: Place, tmp_path: Path) -> None:
    assert "mount /proc" in line(place.without(status=tmp_path / "none"))


@pytest.mark.parametrize("mapped", ["0 1000 1\n", "0 100000 65536\n", "0 0 1\n1 1 9\n"])
def test_a_user_namespace(place: Place, mapped: str) -> None:
    place.host.uid_map.write_text(mapped, "ascii")
    assert "user namespace" in line(place.without())


def test_nothing_speaks_of_unprivileged_bpf() -> None:
    """The setting concerns who has no privilege, and no help comes from it."""
    sources = Path(loader.__file__).parent.glob("*.py")
    saying = {
        path.name for path in sources if "unprivileged" in path.read_text("utf-8")
    }
    assert saying == {"requirements.py"}, "its docstring says that it does not matter"


def test_the_surroundings_are_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Path:
        raise ResourceMissing(f"no folder {name}", "reinstall montauk")

    def no_sys() -> int:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(sizes, "possible_cpus", no_sys)
    with pytest.raises(CollectorUnavailable, match="mount /sys"):
        KernelCollector().open()
    monkeypatch.setattr(origin, "folder", missing)
    with pytest.raises(CollectorUnavailable, match="reinstall montauk"):
        KernelCollector().open()


# --- the loader -----------------------------------------------------------------------

Refused = Callable[[str], str]


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Return what is said when a shell script is the interpreter of the loader."""

    def run(script: str) -> str:
        python = tmp_path / "fake-python"
        python.write_text(f"#!/bin/sh\n{script}\n", "ascii")
        python.chmod(0o755)
        before = sorted(Path("/proc/self/fd").iterdir())
        with pytest.raises(CollectorUnavailable) as caught:
            loader.Loader().load(tmp_path, {}, "auto", python=str(python))
        assert sorted(Path("/proc/self/fd").iterdir()) == before
        refusal = caught.value
        return line(Availability(False, refusal.reason, refusal.remedy))  # noqa: FBT003

    return run


def test_a_loader_that_is_killed(refused: Refused) -> None:
    assert "was killed by SIGKILL" in refused("kill -KILL $$")
    assert "was killed by SIGSEGV" in refused("ulimit -c 0; kill -SEGV $$")
    number = int(signal.SIGRTMIN) + 3
    assert "was killed by" in refused(f"kill -{number} $$")


def test_a_loader_that_ends_without_an_answer(refused: Refused) -> None:
    assert "exited with 7" in refused("exit 7")
    assert "exited with 1 (error: no libbcc.so.0)" in refused(
        "echo first; echo error: no libbcc.so.0 >&2; echo last; exit 1"
    )
    assert r"(\x1b[2Jlast)" in refused(r"printf '\033[2Jlast\n' >&2; exit 1")
    assert len(refused("yes error | tr -d '\\n' | head -c 9999; exit 1")) < 400


def test_a_loader_that_hangs_up_and_stays(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "_GRACE_S", 0.2)
    hang = "import os, time; os.closerange(3, 999); time.sleep(1000)"
    assert "hung up without an answer" in refused(f"exec {sys.executable} -c '{hang}'")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (signal.SIGSYS, "seccomp filter"),
        (signal.SIGXCPU, "ulimit -t"),
        (signal.SIGALRM, "longer than 10 minutes"),
        (signal.SIGKILL, "check the free memory"),
    ],
)
def test_each_death_of_a_loader_has_its_remedy(
    refused: Refused, number: signal.Signals, remedy: str
) -> None:
    said = refused(f"ulimit -c 0; kill -{int(number)} $$")
    assert number.name in said
    assert remedy in said


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EMFILE, "ulimit -n"),
        (errno.ENFILE, "fs.file-max"),
        (errno.EAGAIN, "ulimit -u"),
        (errno.ENOMEM, "free memory"),
        (errno.EACCES, "python3-bpfcc"),
    ],
)
def test_what_keeps_a_process_from_starting_has_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    def lacking(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(subprocess, "Popen", lacking)
    with pytest.raises(CollectorUnavailable) as caught:
        loader.Loader().load(tmp_path, {}, "auto", python="/bin/python3")
    assert remedy in caught.value.remedy
    assert caught.value.may_pass == (number != errno.EACCES)


def test_too_few_descriptors_are_told_as_that(tmp_path: Path) -> None:
    """None left at all: the socket to the loader is the first that is missing."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, before[1]))
    try:
        with pytest.raises(CollectorUnavailable) as caught:
            loader.Loader().load(tmp_path, {}, "auto", python="/bin/python3")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert "ulimit -n" in caught.value.remedy


def test_an_interpreter_that_cannot_be_started(tmp_path: Path) -> None:
    for python in (tmp_path / "none", tmp_path):
        with pytest.raises(CollectorUnavailable, match="cannot be started"):
            loader.Loader().load(tmp_path, {}, "auto", python=str(python))


def test_without_an_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "interpreter", lambda: None)
    with pytest.raises(CollectorUnavailable, match="no Python here has BCC"):
        loader.Loader().load(tmp_path, {}, "auto")
