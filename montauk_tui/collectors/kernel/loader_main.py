"""The loader process: compiles, loads and attaches the probes, hands them over, ends.

Run as `python3 -I loader_main.py SOCKET_FD` by whichever interpreter has the
distribution's BCC, so: stdlib and bcc only, Python 3.9. A JSON request comes in on the
socket; one JSON answer goes out, with the file descriptors of maps, iterator and hooks.
They are the only references: what they hold ends with the process that holds them.
"""

from __future__ import annotations

import array
import ctypes
import errno
import json
import os
import re
import resource
import socket
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from montauk_tui.collectors.kernel.btf import Btf, BtfError
from montauk_tui.collectors.kernel.layout import REQUIRED, Layout, read_layout

# What else lies there is for another interpreter, and may be called bcc.
del sys.path[0]

_BPF_MAP_TYPE_ARRAY = 2
_MAPS = ("lives", "forks", "frees", "counts")


class Refused(Exception):  # noqa: N818 - named for what it says
    """The kernel or BCC refuses; reason and remedy for a person."""

    def __init__(self, reason: str, remedy: str) -> None:
        """Keep the two apart."""
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


def main() -> None:
    """Serve one request."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    request = json.loads(channel.recv(1 << 16).decode())
    try:
        answer, descriptors = load(request)
    except Refused as refusal:
        answer, descriptors = {"reason": refusal.reason, "remedy": refusal.remedy}, []
    rights = array.array("i", descriptors)
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
    channel.sendmsg([json.dumps(answer).encode()], ancillary)
    # BCC's clean-up at exit would switch off the hooks that were just handed over.
    os._exit(0)


def load(request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """Return the answer and the descriptors, in the order that the answer names."""
    layout = _layout()
    probes = request["probes"]
    os.environ["BCC_KERNEL_SOURCE"] = probes
    bcc = _import_bcc()
    _try_bpf(bcc)
    flags = [f"-D{name}={value}" for name, value in request["defines"].items()]
    flags += [f"-I{probes}", *layout.flags()]
    try:
        program = _compile(bcc, Path(probes, "montauk.c"), flags)
        loaded = _Loaded(bcc, program)
        iterator = loaded.iterate()
    except Refused:
        # Older verifiers do not follow all pointers of the iterator: read with helpers.
        program = _compile(bcc, Path(probes, "montauk.c"), [*flags, "-DPLAIN_READS"])
        loaded = _Loaded(bcc, program)
        iterator = loaded.iterate()
    attachment = loaded.attach(request["attachment"])
    names = [*_MAPS, "iterator", *(f"hook{n}" for n in range(len(loaded.hooks)))]
    answer = {
        "names": names,
        "attachment": attachment,
        "bcc": getattr(bcc, "__version__", "?"),
        "missing": [used.macro for used in layout.missing],
    }
    return answer, [*(program[name].map_fd for name in _MAPS), iterator, *loaded.hooks]


def _import_bcc() -> Any:
    try:
        import bcc  # noqa: PLC0415 - the reason for this process
    except Exception as error:
        raise Refused(f"bcc cannot be imported: {error}", "reinstall it") from error
    if not hasattr(bcc, "BPF"):
        reason = f"{bcc.__file__} is another project called bcc"
        raise Refused(reason, "remove it: pip uninstall bcc")
    return bcc


def _try_bpf(bcc: Any) -> None:
    """Create the smallest of maps: what is refused then is not for its size."""
    descriptor = bcc.lib.bcc_create_map(_BPF_MAP_TYPE_ARRAY, b"montauk", 4, 4, 1, 0)
    if descriptor >= 0:
        os.close(descriptor)
        return
    number = ctypes.get_errno()
    if number == errno.ENOSYS:
        raise Refused("this kernel has no bpf()", "use one with CONFIG_BPF_SYSCALL=y")
    reason = f"bpf() is refused although the privilege is there: {os.strerror(number)}"
    raise Refused(
        reason, "let the container's seccomp filter or security module pass it"
    )


def _compile(bcc: Any, source: Path, flags: list[str]) -> Any:
    """Return the compiled programs, their maps created."""
    try:
        return bcc.BPF(text=source.read_text("utf-8"), cflags=flags)
    except OSError as error:
        reason = f"the probes cannot be read: {error}"
        raise Refused(reason, "reinstall montauk") from error
    except Exception as error:
        # Locked memory is not counted from 5.11 on. BCC raises the limit if it may.
        limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
        remedy = "update BCC"
        if _version() < (5, 11) and limit != resource.RLIM_INFINITY:
            remedy = "raise the limit of locked memory (ulimit -l), or update BCC"
        raise Refused(f"BCC cannot compile the probes: {error}", remedy) from error


def _version() -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))


def _layout() -> Layout:
    try:
        layout = read_layout(Btf())
    except (OSError, BtfError) as error:
        reason = f"the kernel's type information cannot be read: {error}"
        raise Refused(reason, "use a kernel with CONFIG_DEBUG_INFO_BTF=y") from error
    lacking = [used.macro for used in layout.missing if used.macro in REQUIRED]
    if lacking:
        reason = f"this kernel lacks {', '.join(lacking)}"
        raise Refused(reason, "report it with the output of: montauk probes layout")
    return layout


class _Loaded:
    """The compiled programs, and the hooks that were made of them."""

    def __init__(self, bcc: Any, program: Any) -> None:
        self._bcc, self._program = bcc, program
        self.hooks: list[int] = []

    def attach(self, wanted: str) -> str:
        """Attach by kprobes, or by tracepoints where there are none; say which."""
        try:
            self._tracepoint("exec_tracepoint", "sched_process_exec")
            self._tracepoint("free_tracepoint", "sched_process_free")
            if wanted != "tracepoints" and self._kprobes():
                return "kprobes"
            if wanted == "kprobes":
                raise Refused("this kernel has no kprobes", "let montauk choose")
            self._tracepoint("fork_tracepoint", "sched_process_fork")
            self._tracepoint("exit_tracepoint", "sched_process_exit")
        except OSError as error:
            reason = f"the probes cannot be attached: {error}"
            raise Refused(
                reason, "run as root, or with CAP_BPF and CAP_PERFMON"
            ) from error
        return "tracepoints"

    def _kprobes(self) -> bool:
        fork = self._kprobe("fork_kprobe", "wake_up_new_task")
        if fork < 0:
            return False
        ends = self._kprobe("exit_kprobe", "taskstats_exit")
        if ends < 0:
            ends = self._kprobe("do_exit_kprobe", "do_exit")
            if ends < 0:
                os.close(fork)
                return False
            self._tracepoint("exit_tracepoint", "sched_process_exit")
        self.hooks += [fork, ends]
        return True

    def _kprobe(self, function: str, symbol: str) -> int:
        program = self._load(function, self._bcc.BPF.KPROBE)
        event = f"montauk_{symbol}".encode()
        # Through the perf kprobe PMU (4.17), so that it ends with its descriptor: else
        # BCC would write into tracefs, where it would stay.
        if not Path("/sys/bus/event_source/devices/kprobe").exists():
            return -1
        return int(
            self._bcc.lib.bpf_attach_kprobe(program, 0, event, symbol.encode(), 0, 0)
        )

    def _tracepoint(self, function: str, tracepoint: str) -> None:
        program = self._load(function, self._bcc.BPF.RAW_TRACEPOINT)
        hook = int(
            self._bcc.lib.bpf_attach_raw_tracepoint(program, tracepoint.encode())
        )
        if hook < 0:
            raise OSError(-hook, os.strerror(-hook), tracepoint)
        self.hooks.append(hook)

    def iterate(self) -> int:
        """Return the link of the task iterator."""
        program = self._load("bpf_iter__task", self._bcc.BPF.TRACING)
        link = int(self._bcc.lib.bcc_iter_attach(program, None, 0))
        if link < 0:
            reason = f"the kernel has no task iterator: {os.strerror(-link)}"
            raise Refused(reason, "use Linux 5.8 or newer")
        return link

    def _load(self, function: str, kind: int) -> int:
        try:
            return int(self._program.load_func(function, kind).fd)
        except Exception as error:
            reason = f"the kernel refuses {function}: {error}"
            raise Refused(
                reason, "run as root, or with CAP_BPF and CAP_PERFMON"
            ) from error


if __name__ == "__main__":
    main()
