"""Nothing that an ordinary user prepared reaches what root compiles and loads."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from montauk_tui.collectors.kernel import loader
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.errors import CollectorUnavailable
from montauk_tui.resources import folder

pytestmark = pytest.mark.privileged

HOSTILE_C: Final = "#error HOSTILE\n"
HOSTILE_PYTHON: Final = "raise SystemExit('HOSTILE')\n"

HEADERS: Final = sorted(path.name for path in folder("probes").glob("*.[ch]"))
OF_BCC: Final = (
    "linux/types.h", "linux/version.h", "linux/kconfig.h", "linux/log2.h",
    "linux/bpf_common.h", "uapi/linux/bpf.h", "uapi/linux/if_packet.h", "asm/page.h",
    "asm/types.h", "asm/posix_types.h", "asm_goto_workaround.h", "bcc/helpers.h",
    "bcc/proto.h", "bcc/bpf.h", "bcc/bpf_workaround.h", "bcc/footer.h", "stdarg.h",
    "stddef.h", "stdint.h", "generated/autoconf.h",
)  # fmt: skip
"""What BCC's own text includes, and the folders that it puts them in (strace)."""
BELOW: Final = (
    "", "include", "include/uapi", "include/generated/uapi", "arch/x86/include",
    "arch/x86/include/generated", "arch/x86/include/uapi",
)  # fmt: skip
MODULES: Final = (
    "bcc", "montauk_tui", "ctypes", "json", "socket", "hashlib", "sitecustomize",
    "usercustomize", "array", "re", "signal", "pathlib",
)  # fmt: skip

CODE: Final = """
from montauk_tui.collectors.kernel import loader
from montauk_tui.collectors.kernel.collector import KernelCollector
loader.CACHE = ""  # Compiled in any case.
with KernelCollector() as collector:
    print(collector.detail)
"""


@pytest.fixture(autouse=True)
def only_where_it_serves() -> None:
    state = KernelCollector().availability()
    if not state.available:
        pytest.skip(f"no kernel collector here: {state.reason}")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Return a folder full of what the compiler and Python may look for."""
    own = folder("probes") / "include"
    stubs = [str(path.relative_to(own)) for path in own.rglob("*.h")]
    for above in BELOW:
        for name in (*HEADERS, *OF_BCC, *stubs):
            put(tmp_path / above / name, HOSTILE_C)
    for name in MODULES:
        put(tmp_path / f"{name}.py", HOSTILE_PYTHON)
    for name in ("libbcc.so.0", "libLLVM-14.so.1", "libc.so.6", ".clang", "clang.cfg"):
        put(tmp_path / name, "HOSTILE")
    for name in ("python3", "clang", "modprobe", "sh"):
        put(tmp_path / name, "#!/bin/sh\necho HOSTILE; exit 1\n").chmod(0o755)
    return tmp_path


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def environment(hostile: Path) -> dict[str, str]:
    """Return an environment that points everything there, as `sudo -E` would."""
    names = (
        "HOME", "TMPDIR", "TMP", "TEMP", "PWD", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
        "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH",
        "BCC_KERNEL_SOURCE", "BCC_KERNEL_MODULES_SOURCE", "BCC_LINUX_VERSION_CODE",
        "COMPILER_PATH", "LIBRARY_PATH", "GCC_EXEC_PREFIX", "PYTHONUSERBASE",
    )  # fmt: skip
    here = str(hostile)
    return {
        **os.environ,
        **dict.fromkeys(names, here),
        "PATH": f"{here}:{os.environ['PATH']}",
        "CCC_OVERRIDE_OPTIONS": f"+-I{here} +-include{here}/kernel.h",
    }


def load_there(hostile: Path, *before: str) -> str:
    """Return what the collector is, loaded out of that folder."""
    done = subprocess.run(
        [*before, sys.executable, "-P", "-c", CODE],
        cwd=hostile,
        env=environment(hostile),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "HOSTILE" not in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_hostile_files_change_nothing(hostile: Path) -> None:
    assert load_there(hostile).startswith("eBPF, BCC ")


def test_no_name_in_the_callers_folders_is_looked_up(hostile: Path) -> None:
    """Of the loader: the monitor itself reads its settings, for example."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    trace = hostile.parent / "trace"
    load_there(
        hostile, "strace", "-f", "-s", "4096", "-e", "trace=file", "-o", str(trace)
    )
    lines = trace.read_text("utf-8", "replace").splitlines()
    starts = [line for line in lines if "execve(" in line and "loader_main.py" in line]
    if not starts:
        pytest.skip("strace may not trace here")
    pid = starts[-1].split()[0]
    begun = lines.index(starts[-1])
    own = [line for line in lines[begun + 1 :] if line.split()[0] == pid]
    assert sum("/include/" in line or '"include/' in line for line in own) > 5
    assert [line for line in own if str(hostile) in line] == []
    # The only names without a folder are looked up in that of the probes.
    assert not re.findall(r'"(?:linux|uapi|asm)/[^"]*"', "\n".join(own))


def test_a_folder_with_headers_of_its_own_does_not_cost_the_collector() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", CODE], cwd="/usr/include",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_no_folder_for_temporary_files_is_needed() -> None:
    """Not by BCC either: /tmp, /var/tmp and the current folder are read-only.

    A folder with the checkout in it stays as it is, but read-only.
    """
    script = """
    for place in /tmp /var/tmp /dev/shm /run; do
        test -d $place || continue
        case $(realpath -s "$1") in
            $place/*) mount --bind $place $place && mount -o remount,bind,ro $place;;
            *) mount -t tmpfs -o ro none $place;;
        esac
    done
    cd /var/tmp && exec "$@"
    """
    command = ["unshare", "--mount", "sh", "-ec", script, "sh"]
    if subprocess.run(
        [*command, sys.executable, "-c", ""], capture_output=True, check=False
    ).returncode:
        pytest.skip("no namespaces of mounts here")
    done = subprocess.run(
        [*command, sys.executable, "-P", "-c", CODE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def everybody(path: Path) -> None:
    path.chmod(path.stat().st_mode | 0o002)


def some_group(path: Path) -> None:
    os.chown(path, -1, 4242)
    path.chmod(path.stat().st_mode | 0o020)


def somebody_else(path: Path) -> None:
    os.chown(path, 4242, -1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is in danger")
@pytest.mark.parametrize("name", ["", "lives.c", "include", "include/linux/types.h"])
@pytest.mark.parametrize("spoil", [everybody, some_group, somebody_else])
def test_probes_that_others_may_write_are_refused(
    tmp_path: Path, name: str, spoil: Callable[[Path], None]
) -> None:
    probes = tmp_path / "probes"
    shutil.copytree(folder("probes"), probes)
    if Path(loader.__file__).stat().st_uid != 0 and spoil is somebody_else:
        pytest.skip("this checkout belongs to somebody, who is trusted")
    spoil(probes / name)
    with pytest.raises(CollectorUnavailable) as caught:
        loader.Loader().load(probes, {}, "auto", python="/bin/false")
    assert caught.value.reason.startswith("root may not rely on the probes: ")
    assert str(probes / name) in caught.value.reason
    assert "writable for its owner only" in caught.value.remedy


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is in danger")
def test_the_package_counts_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "montauk_tui"
    inner = package / "collectors" / "kernel"
    inner.mkdir(parents=True)
    monkeypatch.setattr(loader, "__file__", str(inner / "loader.py"))
    assert loader.untrusted(folder("probes")) is None
    inner.chmod(0o777)
    lack = loader.untrusted(folder("probes"))
    assert lack is not None
    assert f"{inner} may be written by everybody" in lack[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_checkout_of_a_developer_serves_with_sudo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it belongs to one ordinary user, whose code runs already."""
    checkout = tmp_path / "checkout"
    inner = checkout / "montauk_tui" / "collectors" / "kernel"
    inner.mkdir(parents=True)
    shutil.copytree(folder("probes"), checkout / "probes")
    for path in (checkout, *checkout.rglob("*")):
        os.chown(path, 4242, 4242)
    monkeypatch.setattr(loader, "__file__", str(inner / "loader.py"))
    assert loader.untrusted(checkout / "probes") is None
    somebody = checkout / "probes" / "kernel.h"
    os.chown(somebody, 4243, 4242)
    lack = loader.untrusted(checkout / "probes")
    assert lack is not None
    assert f"{somebody} belongs to user 4243" in lack[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is in danger")
def test_the_interpreter_and_bcc_count_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = put(tmp_path / "python3", "#!/bin/sh\n")
    python.chmod(0o755)
    package = put(tmp_path / "dist-packages" / "bcc" / "libbcc.py", "").parents[1]
    monkeypatch.setattr(loader, "PACKAGES", (str(package),))
    monkeypatch.setattr(loader, "interpreter", lambda: str(python))
    assert loader.untrusted(folder("probes")) is None
    for path in (python, package):
        path.chmod(0o757)
        lack = loader.untrusted(folder("probes"))
        assert lack is not None
        assert f"{path} may be written by everybody" in lack[0]
        path.chmod(0o755)
