"""The loader process: compiles, loads and attaches the probes, hands them over, exits.

Run as `python3 -I -S loader_main.py SOCKET_FD PARENT` by whichever interpreter has the
distribution's BCC, so: stdlib and bcc only, Python 3.9. A JSON request comes in on the
socket; one JSON answer goes out, with the file descriptors of maps, iterator and hooks.
They are the only references: maps and hooks are freed when their holder exits.

BCC is imported only if the probes were not compiled before (cache.py).
"""

from __future__ import annotations

import array
import contextlib
import errno
import json
import os
import re
import resource
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import Any

# After the standard library: another module there may have the name of one of it.
sys.path.append(str(Path(__file__).resolve().parents[3]))

from montauk_tui import children
from montauk_tui.collectors.kernel import bpf, btf, cache, compiled, layout
from montauk_tui.collectors.kernel.attached import (
    LITTLE_ROOM,
    OF_MAPS,
    OF_TASKS,
    REPORT,
    Loaded,
    Refused,
    refusal,
)

# Other modules there are for another interpreter, and one may be called bcc.
sys.path.pop()

_SYSTEM_CALLS = {"x86_64": "__x64_sys_", "aarch64": "__arm64_sys_"}
"""What the names of the kernel's functions for system calls begin with, by machine."""

_NO_ROOM = ("failed to map", "cannot allocate memory", "cannot map zero-fill")
"""Messages of ld.so about a library that does not fit."""


def main() -> None:
    """Serve one request."""
    if not children.end_with(int(sys.argv[2]), signal.SIGKILL):
        os._exit(1)
    children.clean_signals()
    # A limit of file sizes costs only the cache.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    channel = socket.socket(fileno=int(sys.argv[1]))
    request = json.loads(channel.recv(1 << 16).decode())
    signal.alarm(request["limit_s"])
    try:
        answer, descriptors = load(request)
    except Refused as refused:
        answer = {"reason": refused.reason, "remedy": refused.remedy}
        answer["may_pass"] = refused.may_pass
        descriptors = []
    rights = array.array("i", descriptors)
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
    channel.sendmsg([json.dumps(answer).encode()], ancillary)
    # BCC's clean-up at exit takes its time.
    os._exit(0)


def load(request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """Return the answer and the descriptors, in the order that the answer names."""
    _try_bpf()
    source = Source(request)
    with contextlib.ExitStack() as stack:
        store = _open_cache(request["cache"], stack)
        how = request["attachment"], source.tracepoints
        kept, loaded, attachment = _from_cache(store, source.key, *how)
        if loaded is None:
            kept, loaded = _compiled(source)
            attachment = loaded.attach(*how)
            if store:
                with contextlib.suppress(OSError):
                    store.write(source.key, kept)
    loaded.add_returns(source.returns)
    loaded.add_readers(source.iterators)
    hooks = [f"hook{number}" for number in range(len(loaded.hooks))]
    names = [*source.maps, "iterator", *hooks, *loaded.programs, *loaded.readers]
    answer = {
        "names": names,
        "attachment": attachment,
        "bcc": kept["bcc"],
        "missing": kept["missing"],
        "compiled": source.is_compiled,
        "memory_bytes": loaded.memory_bytes(),
    }
    maps = [loaded.maps[name] for name in source.maps]
    programs = (*loaded.programs.values(), *loaded.readers.values())
    return answer, [*maps, loaded.iterator, *loaded.hooks, *programs]


def _from_cache(
    store: cache.Cache | None, key: str, wanted: str, tracepoints: list[list[str]]
) -> tuple[dict[str, Any], Loaded | None, str]:
    """Return the probes of an earlier start, if the kernel accepts them."""
    kept = store.read(key) if store else None
    if store is None or kept is None:
        return {}, None, ""
    loaded = None
    try:
        loaded = Loaded(kept)
        return kept, loaded, loaded.attach(wanted, tracepoints)
    except Refused as refused:
        if loaded:
            loaded.close()
        if refused.may_pass:
            raise
    except (KeyError, TypeError, ValueError, struct.error):
        pass  # It was not written by montauk.
    store.remove(key)
    return {}, None, ""


def _open_cache(folder: str, stack: contextlib.ExitStack) -> cache.Cache | None:
    """Return the cache, None if it is disabled or not safe."""
    if not folder:
        return None
    try:
        store = cache.Cache(folder)
    except (OSError, cache.Refused):
        return None
    stack.callback(store.close)
    return store


def _compiled(source: Source) -> tuple[dict[str, Any], Loaded]:
    """Return the probes, compiled in the way that this kernel accepts."""
    kept = source.compiled([])
    try:
        return kept, Loaded(kept)
    except Refused:
        # Older verifiers do not follow all pointers of the iterator: use helpers.
        kept = source.compiled(["-DPLAIN_READS"])
        return kept, Loaded(kept)


def _try_bpf() -> None:
    """Create a minimal map: a refusal of it is not for its size."""
    # Locked memory is not limited from 5.11 on.
    if _version() < (5, 11):
        bpf.lift_memory_limit()
    try:
        os.close(bpf.create_map(bpf.ARRAY, 4, 4, 1, 0, "montauk"))
    except OSError as error:
        if error.errno == errno.ENOSYS:
            remedy = "use one with CONFIG_BPF_SYSCALL=y"
            raise Refused("this kernel has no bpf()", remedy) from error
        raise refusal(
            "bpf() is refused despite sufficient privilege",
            error,
            "allow it in the container's seccomp filter or security module",
        ) from error


def _version() -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))


class Source:
    """The probes as C, and everything that their compilation depends on."""

    def __init__(self, request: dict[str, Any]) -> None:
        """Read the files."""
        self._packages = request["packages"]
        self._defines = [f"-D{name}={it}" for name, it in request["defines"].items()]
        self._kernel: tuple[layout.Layout, dict[str, int]] | None = None
        self.is_compiled = False
        self.maps = [name for part in request["parts"] for name in part[1]]
        self.tracepoints = [one for part in request["parts"] for one in part[2]]
        self.iterators = [name for part in request["parts"] for name in part[3]]
        calls = _SYSTEM_CALLS.get(os.uname().machine, "sys_")
        self.returns = [
            (function, calls + name)
            for part in request["parts"]
            for function, name in part[4]
        ]
        try:
            placed: set[Path] = set()
            text = [self._whole(Path(part[0]), placed) for part in request["parts"]]
            self._text = "".join(text)
            headers = [
                path.read_bytes() for path in sorted(Path("include").rglob("*.h"))
            ]
        except OSError as error:
            reason = f"the probes cannot be read: {error}"
            raise Refused(reason, "reinstall montauk") from error
        types = _build_of_kernel()
        here = Path(__file__)
        names = ("btf.py", "layout.py", "compiled.py", here.name)
        own = [here.with_name(name).read_bytes() for name in names]
        # They identify the BCC: a new package replaces them.
        files = [Path(folder, "bcc/version.py") for folder in self._packages]
        versions = [path.read_bytes() for path in files if path.is_file()]
        parts = [*headers, types, *own, *versions]
        returns = [name for _, name in self.returns]
        system = " ".join([*os.uname()[2:], *self._defines, *returns])
        self.key = cache.key([self._text.encode(), system.encode(), *parts])

    def _whole(self, path: Path, placed: set[Path]) -> str:
        """Return a file with the headers beside it included, each once.

        BCC compiles a text without a folder: for `#include "..."` the compiler would
        look into the current one first.
        """
        if path in placed:
            return ""
        placed.add(path)
        text = path.read_text("utf-8")
        found = re.compile(r'^#include "([^"]+)"$', re.MULTILINE)
        return found.sub(lambda one: self._whole(path.with_name(one[1]), placed), text)

    def compiled(self, flags: list[str]) -> dict[str, Any]:
        """Return the compiled probes and what is cached with them."""
        if self._kernel is None:
            self._kernel = _read_kernel([name for _, name in self.returns])
        probes, targets = self._kernel
        flags = [*flags, *_hold_cpu(probes.hold_cpu)]
        if _version() >= _PREEMPTS:
            flags.append("-DPREEMPTED")
        if _version() >= _TYPES_CURRENT:
            flags.append("-DTYPED_CURRENT")
        self.is_compiled = True
        bcc = _import_bcc(self._packages)
        os.environ["BCC_KERNEL_SOURCE"] = str(Path.cwd())
        try:
            program = bcc.BPF(
                text=self._text, cflags=[*self._defines, *flags, *probes.flags()]
            )
        except Exception as error:
            limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
            remedy = "update BCC"
            if _version() < (5, 11) and limit != resource.RLIM_INFINITY:
                remedy = "raise the limit of locked memory (ulimit -l), or update BCC"
            reason = f"BCC cannot compile the probes: {error}"
            raise Refused(reason, remedy) from error
        probes_as_data = compiled.from_bcc(bcc.lib, program.module)
        # Its maps are as large as those that will be created.
        bcc.lib.bpf_module_destroy(program.module)
        return {
            **probes_as_data.to_json(),
            "targets": targets,
            "bcc": getattr(bcc, "__version__", "?"),
            "missing": [used.macro for used in probes.missing],
        }


def _hold_cpu(functions: list[int]) -> list[str]:
    """Return the flags that let a program keep its CPU; see HOLD_CPU in base.h.

    Raises:
        Refused: This kernel needs them and does not accept them.
    """
    names = ("HOLD_CPU_CALL", "RELEASE_CPU_CALL")
    why = "it has no bpf_preempt_disable"
    if len(functions) == len(names):
        try:
            code = compiled.calling(functions)
            os.close(bpf.load_program(bpf.RAW_TRACEPOINT, code, "hold_cpu"))
        except OSError as error:
            why = getattr(error, "log", "") or error.strerror or str(error)
        else:
            numbers = [compiled.KERNEL_FUNCTION + it for it in functions]
            return [f"-D{name}={it}" for name, it in zip(names, numbers, strict=True)]
    if _version() < _PREEMPTS:
        return []
    raise Refused(
        f"this kernel lets the probes interrupt one another: {why}",
        "enable its JIT compiler: sysctl net.core.bpf_jit_enable=1",
    )


_PREEMPTS = (7, 0)
"""Programs at raw tracepoints may be preempted."""
_TYPES_CURRENT = (5, 11)
"""A program may load fields of the current task: bpf_get_current_task_btf."""


_NOTES = "/sys/kernel/notes"
_BUILD_ID = b"\3\0\0\0GNU\0"
"""NT_GNU_BUILD_ID in elf(5), little-endian."""


def _build_of_kernel() -> bytes:
    """Return what tells the types of this kernel from those of others.

    A digest of the whole kernel, or else the types: 5 MB, and 14 ms of a start.
    """
    with contextlib.suppress(OSError):
        notes = Path(_NOTES).read_bytes()
        if _BUILD_ID in notes:
            return notes
    try:
        return Path(btf.DEFAULT_PATH).read_bytes()
    except OSError as error:
        raise _no_types(error) from error


def _no_types(error: Exception) -> Refused:
    reason = f"the kernel's type information cannot be read: {error}"
    return Refused(reason, "use a kernel with CONFIG_DEBUG_INFO_BTF=y")


def _read_kernel(functions: list[str]) -> tuple[layout.Layout, dict[str, int]]:
    """Return the offsets of the fields, and the type ids of functions.

    These are those of iterators and `functions`; 0 for one that the kernel lacks.
    """
    try:
        types = btf.Btf()
        found = layout.read_layout(types)
        names = (OF_TASKS, OF_MAPS, *functions)
        targets = {name: types.function(name) for name in names}
    except (OSError, btf.BtfError) as error:
        raise _no_types(error) from error
    lacking = [it.macro for it in found.missing if it.macro in layout.REQUIRED]
    if lacking:
        reason = f"this kernel lacks {', '.join(lacking)}"
        raise Refused(reason, REPORT)
    return found, targets


def _import_bcc(packages: list[str]) -> Any:
    # Modules of this interpreter's version, or of no version.
    own = "/python{}.{}/".format(*sys.version_info)
    sys.path += [path for path in packages if own in path or "/python3/" in path]
    try:
        import bcc  # noqa: PLC0415 - the reason for this process
    except Exception as error:
        text = str(error)
        is_memory = isinstance(error, MemoryError) or any(
            said in text.lower() for said in _NO_ROOM
        )
        remedy = LITTLE_ROOM[errno.ENOMEM] if is_memory else "reinstall it"
        raise Refused(
            f"bcc cannot be imported: {text}", remedy, may_pass=is_memory
        ) from error
    if not hasattr(bcc, "BPF"):
        reason = f"{bcc.__file__} is another project called bcc"
        raise Refused(reason, "remove it: pip uninstall bcc")
    return bcc


if __name__ == "__main__":
    main()
