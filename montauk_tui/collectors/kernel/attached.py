"""The probes in the kernel, their hooks, and the reasons for refusals.

Stdlib only: the loader runs this under the distribution's Python.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from montauk_tui.collectors.kernel import bpf, compiled

_ITERATOR = "bpf_iter__task"
OF_TASKS, OF_MAPS = "bpf_iter_task", "bpf_iter_bpf_map_elem"
"""Functions of the kernel that stand for its iterators."""

LITTLE_ROOM = {
    errno.EMFILE: "raise the limit of open files: ulimit -n 1024",
    errno.ENFILE: "raise the limit of open files (fs.file-max)",
    errno.ENOMEM: "free memory, or raise the limits of it",
}
REPORT = "report it with the output of: montauk probes layout"
_PRIVILEGE = "run as root, or with CAP_BPF and CAP_PERFMON"


class Refused(Exception):
    """The kernel or BCC refuses; reason and remedy for a person."""

    def __init__(self, reason: str, remedy: str, *, may_pass: bool = False) -> None:
        """Store both, and whether it may work a moment later."""
        super().__init__(reason)
        self.reason, self.remedy, self.may_pass = reason, remedy, may_pass


def refusal(what: str, error: OSError, remedy: str) -> Refused:
    """Return the refusal of an error: some errors have their own remedy."""
    remedy = LITTLE_ROOM.get(error.errno or 0, remedy)
    may_pass = error.errno in LITTLE_ROOM
    return Refused(f"{what}: {error.strerror or error}", remedy, may_pass=may_pass)


class Loaded:
    """The probes in the kernel, and the hooks that were made of them."""

    def __init__(self, kept: dict[str, Any]) -> None:
        """Create the maps and the iterator.

        Raises:
            Refused: The kernel does not accept them.
        """
        self._probes = compiled.Compiled.from_json(kept)
        self._targets = kept["targets"]
        self.hooks: list[int] = []
        self.programs: dict[str, int] = {}
        """Of the hooks, by the names of their functions."""
        self.readers: dict[str, int] = {}
        """Links of the iterators over a map, by the names of their functions."""
        try:
            with self._probes.with_maps() as maps:
                self.maps = maps
                self.iterator = self._iterate()
        except OSError as error:
            raise refusal(
                "the maps of the probes cannot be made", error,
                "raise the limit of locked memory (ulimit -l)",
            ) from error  # fmt: skip

    def close(self) -> None:
        """Undo everything."""
        programs = self.programs.values()
        for descriptor in (
            *self.maps.values(), self.iterator, *self.hooks, *programs,
            *self.readers.values(),
        ):  # fmt: skip
            os.close(descriptor)

    def memory_bytes(self) -> int:
        """Return the memory of the maps and programs (proc_pid_fdinfo(5))."""
        descriptors = [*self.maps.values(), *self.programs.values()]
        texts = [
            Path(f"/proc/self/fdinfo/{it}").read_text("ascii") for it in descriptors
        ]
        found = re.findall(r"^memlock:\s*(\d+)$", "\n".join(texts), re.MULTILINE)
        return sum(map(int, found))

    def attach(self, wanted: str, more: Sequence[Sequence[str]] = ()) -> str:
        """Attach by kprobes, or by tracepoints where there are none; say which.

        Args:
            wanted: kprobes, tracepoints or auto.
            more: Functions and their tracepoints; those that the kernel refuses are
                left out.
        """
        try:
            self._tracepoint("exec_tracepoint", "sched_process_exec")
            self._final()
            for function, tracepoint in more:
                with contextlib.suppress(OSError, Refused):
                    self._tracepoint(function, tracepoint)
            if wanted != "tracepoints" and self._kprobes():
                return "kprobes"
            if wanted == "kprobes":
                raise Refused("this kernel has no kprobes", "let montauk choose")
            self._tracepoint("fork_tracepoint", "sched_wakeup_new")
            self._tracepoint("exit_tracepoint", "sched_process_exit")
        except OSError as error:
            raise refusal("the probes cannot be attached", error, _PRIVILEGE) from error
        return "tracepoints"

    def _final(self) -> None:
        """Hook the last switch of threads, or else the freeing of threads."""
        try:
            self._tracepoint("switch_tracepoint", "sched_switch")
        except (OSError, Refused):
            self._tracepoint("free_tracepoint", "sched_process_free")

    def _kprobes(self) -> bool:
        fork = self._kprobe("fork_kprobe", "wake_up_new_task")
        if fork < 0:
            return False
        exits = self._kprobe("exit_kprobe", "taskstats_exit")
        if exits < 0:
            exits = self._kprobe("do_exit_kprobe", "do_exit")
            if exits < 0:
                os.close(fork)
                os.close(self.programs.pop("fork_kprobe"))
                return False
            self._tracepoint("exit_tracepoint", "sched_process_exit")
        self.hooks += [fork, exits]
        return True

    def _kprobe(self, function: str, symbol: str) -> int:
        program = self._load(function, bpf.KPROBE)
        try:
            event = bpf.attach_kprobe(program, symbol)
        except OSError:
            os.close(program)
            return -1
        self.programs[function] = program
        return event

    def _tracepoint(self, function: str, tracepoint: str) -> None:
        program = self._load(function, bpf.RAW_TRACEPOINT)
        self.hooks.append(bpf.attach_raw_tracepoint(program, tracepoint))
        self.programs[function] = program

    def add_returns(self, functions: Sequence[Sequence[str]]) -> None:
        """Attach at the returns of system calls, except where the kernel refuses.

        Args:
            functions: Each with the function of the kernel that it is for.
        """
        for function, target in functions:
            with contextlib.suppress(OSError, Refused):
                program = self._load_tracing(function, target, bpf.AT_RETURN)
                try:
                    self.hooks.append(bpf.attach_to_return(program))
                except OSError:
                    os.close(program)
                    raise
                self.programs[function] = program

    def _iterate(self) -> int:
        """Return the link of the task iterator."""
        program = self._load_tracing(_ITERATOR, OF_TASKS, bpf.ITERATOR)
        try:
            return bpf.attach_iterator(program)
        except OSError as error:
            remedy = "use Linux 5.8 or newer"
            raise refusal("the kernel has no task iterator", error, remedy) from error
        finally:
            os.close(program)

    def add_readers(self, functions: Sequence[str]) -> None:
        """Make the iterators over the map `blocks`: all, or none before Linux 5.9."""
        try:
            for function in functions:
                program = self._load_tracing(function, OF_MAPS, bpf.ITERATOR)
                try:
                    over = self.maps["blocks"]
                    self.readers[function] = bpf.attach_map_iterator(program, over)
                finally:
                    os.close(program)
        except (OSError, Refused):
            for link in self.readers.values():
                os.close(link)
            self.readers = {}

    def _load_tracing(self, function: str, target: str, place: int) -> int:
        number = self._targets.get(target, 0)
        if not number:
            raise Refused(f"this kernel has no {target}", "use Linux 5.8 or newer")
        return self._load(function, bpf.TRACING, number, place)

    def _load(self, function: str, kind: int, target: int = 0, place: int = 0) -> int:
        code = self._probes.code(function, self.maps)
        try:
            return bpf.load_program(kind, code, function, target, place)
        except OSError as error:
            log = getattr(error, "log", "")
            what = f"the kernel refuses {function}" + (f" ({log})" if log else "")
            is_for_code = log and error.errno != errno.EPERM
            remedy = REPORT if is_for_code else _PRIVILEGE
            raise refusal(what, error, remedy) from error
