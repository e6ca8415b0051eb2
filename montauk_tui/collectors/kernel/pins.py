"""Probes that stay loaded, read by whoever may: the pins of `montauk probes load`.

The folder has the maps of the logs, frozen, so that they can be mapped but not written
(the kernel maps nothing of a read-only descriptor), the iterator, which is read like a
file, and a map with what is known of them. The links to the kernel's events are in a
folder for root only: who has one could detach it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from montauk_tui.collectors.kernel import about, bpf, pinfolder
from montauk_tui.collectors.kernel.about import About, how_attached
from montauk_tui.collectors.kernel.log import Mapped
from montauk_tui.collectors.kernel.pinfolder import BPFFS, READ
from montauk_tui.collectors.kernel.records import (
    ABI,
    ATTEMPT,
    ATTEMPTS,
    BRIEF,
    COUNTS,
    DEATH,
    FINAL,
    IDLE,
    LIFECYCLE,
    VICTIM,
    VICTIMS,
)
from montauk_tui.errors import CollectorUnavailable
from montauk_tui.trust import ROOT

if TYPE_CHECKING:
    from montauk_tui.collectors.kernel.log import Storage

LOAD: Final = "sudo montauk probes load"
AGAIN: Final = f"load the probes again: {LOAD}"

TASKS, ABOUT, HOOKS = "tasks", "about", "hooks"
READ_ABOUT: Final = f"{READ}{ABOUT}"
LOGS: Final[Mapping[str, np.dtype[np.void]]] = {
    "lives": LIFECYCLE,
    "forks": BRIEF,
    "finals": FINAL,
    "deaths": DEATH,
}
PER_CPU: Final[Mapping[str, np.dtype[np.void]]] = {"counts": COUNTS, "idles": IDLE}
FIXED: Final[Mapping[str, tuple[np.dtype[np.void], int]]] = {
    "victims": (VICTIM, VICTIMS),
    "attempts": (ATTEMPT, ATTEMPTS),
}
"""Logs with a fixed number of records of a CPU."""
MAPS: Final = {**LOGS, **{name: it for name, (it, _) in FIXED.items()}, **PER_CPU}

_OTHER_ABIS: Final = range(1, ABI + 16)


class Damaged(CollectorUnavailable):
    """Pins of root's that are incomplete, or not what they should be."""


class Pins:
    """An open folder of pins: checked, and this user may read it."""

    def __init__(
        self,
        path: str,
        folder: int,
        facts: About,
        descriptors: Mapping[str, int],
        resources: ExitStack,
    ) -> None:
        """Take what is open; `resources` closes it."""
        self.path, self.folder, self.about = path, folder, facts
        self.descriptors = descriptors
        """The maps of the logs, by their names in C; none where iterators are read.

        For root also the programs of the hooks, by the names of their functions."""
        self._resources = resources

    @property
    def readers(self) -> str:
        """Whom they are for, as a person says it."""
        return readers_of(os.fstat(self.folder))

    @property
    def are_loaded(self) -> bool:
        """Whether they are still there, to be opened by others too."""
        return _is_there(self.folder, HOOKS)

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields that this kernel does not have."""
        return self.about.missing

    @property
    def hooked(self) -> tuple[str, ...]:
        """The functions that run at events of the kernel."""
        return self.about.hooked

    @property
    def sizes(self) -> tuple[int, int]:
        """How many CPUs have logs, and how many records each of them."""
        return self.about.cpus, self.about.slots

    def detail(self, offset_ns: int) -> str:
        """Return since when they have been loaded, and how they are attached."""
        since = about.ago(self.about.age_s(offset_ns))
        how = how_attached(self.about.attachment, self.hooked)
        if not self.descriptors:
            how += ", read by iterators"
        return f"eBPF, loaded {since}, {how}"

    @property
    def storage(self) -> Storage:
        """What the probes write."""
        if self.descriptors:
            return Mapped(self.descriptors)
        from montauk_tui.collectors.kernel.iterated import Iterated  # noqa: PLC0415

        return Iterated(partial(_open_iterator, self.folder))

    def open_tasks(self) -> int:
        """Return a descriptor from which the iterator's output can be read once.

        Raises:
            OSError: ENOENT: the probes were unloaded.
        """
        return _open_iterator(self.folder, TASKS)

    def close(self) -> None:
        """Close everything; the probes stay."""
        self._resources.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def find(place: str = BPFFS, abi: int = ABI) -> Pins | None:
    """Return the pins of this ABI, None if there are none that this user can see.

    Raises:
        CollectorUnavailable: They cannot be used, with the reason and the remedy.
    """
    path = f"{place}/{pinfolder.name_of(abi)}"
    with ExitStack() as undo:
        try:
            folder = _open(place, abi, undo)
        except FileNotFoundError:
            _refuse_other_abi(place, abi)
            return None
        except PermissionError as error:
            _refuse_outsider(place, error)
            return None
        except OSError as error:
            raise CollectorUnavailable(f"{path}: {error.strerror}", AGAIN) from error
        try:
            descriptors = _maps(folder, path, undo)
            facts = _about(folder, path, by_map=bool(descriptors))
            for name in (TASKS, *facts.iterators):
                os.close(pinfolder.open_pin(folder, name, path))
            os.stat(HOOKS, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            raise _refusal(path, folder, error) from error
        _check(path, facts, descriptors, abi)
        if os.geteuid() == ROOT:
            _check_hooks(folder, path, facts.hooks)
            if descriptors:
                descriptors |= _programs(folder, facts.hooked, undo)
        resources = undo.pop_all()
    return Pins(path, folder, facts, descriptors, resources)


def facts_of(above: int, name: str, path: str) -> About | None:
    """Return what is known of a folder of pins, of any ABI; None if it does not say.

    Args:
        above: A descriptor of the folder that has it.
        name: Its name there.
        path: For messages.
    """
    try:
        folder = pinfolder.open_inside(above, name, path)
    except (OSError, CollectorUnavailable):
        return None
    try:
        return _about(folder, path)
    except (OSError, CollectorUnavailable):
        return None
    finally:
        os.close(folder)


def readers_of(found: os.stat_result) -> str:
    """Return who may read a folder, as a person says it."""
    if found.st_mode & 0o001:
        return "everybody"
    if found.st_mode & 0o010:
        return f"group {pinfolder.group_name(found.st_gid)}"
    return "root only"


def _open(place: str, abi: int, undo: ExitStack) -> int:
    above = pinfolder.open_above(place)
    try:
        name = pinfolder.name_of(abi)
        folder = pinfolder.open_inside(above, name, f"{place}/{name}")
    finally:
        os.close(above)
    undo.callback(os.close, folder)
    return folder


def _open_iterator(folder: int, name: str) -> int:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, dir_fd=folder)


def _maps(folder: int, path: str, undo: ExitStack) -> dict[str, int]:
    """Return the descriptors of all maps, none where the kernel refuses bpf(2)."""
    try:
        return {name: _map(folder, name, path, undo) for name in MAPS}
    except OSError as error:
        # Iterators need no bpf(2); Linux before 5.9 has none over a map.
        if error.errno != errno.EPERM or not _is_there(folder, READ_ABOUT):
            raise
        return {}


def _programs(folder: int, hooked: tuple[str, ...], undo: ExitStack) -> dict[str, int]:
    """Return the programs of the hooks: they count what the kernel left out.

    None where it does not give them: in a user namespace, or without CAP_SYS_ADMIN.
    """
    programs = {}
    # The kernel keeps the beginning of their names.
    names = {name[: bpf.NAME_BYTES]: name for name in hooked}
    hooks = Path(f"/proc/self/fd/{folder}/{HOOKS}")
    try:
        for path in hooks.iterdir():
            link = bpf.pinned(str(path))
            try:
                name, program = bpf.program_of(link)
            finally:
                os.close(link)
            undo.callback(os.close, program)
            programs[names.get(name, name)] = program
    except (OSError, ValueError):
        return {}
    return programs


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _map(folder: int, name: str, path: str, undo: ExitStack) -> int:
    """Return a descriptor of a frozen map."""
    pin = pinfolder.open_pin(folder, name, path)
    try:
        descriptor = bpf.pinned(f"/proc/self/fd/{pin}")
    finally:
        os.close(pin)
    undo.callback(os.close, descriptor)
    return descriptor


def _about(folder: int, path: str, *, by_map: bool = True) -> About:
    name = ABOUT if by_map else READ_ABOUT
    pin = pinfolder.open_pin(folder, name, path)
    try:
        return About.from_bytes(_text(pin) if by_map else _iterated(folder, name))
    except about.NotReadable as error:
        raise Damaged(f"{path}/{name} was not written by montauk", AGAIN) from error
    finally:
        os.close(pin)


def _text(pin: int) -> bytes:
    descriptor = bpf.pinned(f"/proc/self/fd/{pin}", read_only=True)
    try:
        _, _, value_bytes, *_ = bpf.map_info(descriptor)
        is_right = value_bytes == about.BYTES
        return bpf.first(descriptor, about.BYTES) if is_right else b""
    finally:
        os.close(descriptor)


def _iterated(folder: int, name: str) -> bytes:
    from montauk_tui.collectors.kernel.iterated import whole_output  # noqa: PLC0415

    return whole_output(_open_iterator(folder, name))


def _check(path: str, facts: About, descriptors: Mapping[str, int], abi: int) -> None:
    """Compare the maps with what is known of them.

    Raises:
        CollectorUnavailable: They are others.
    """
    if facts.abi != abi:
        reason = f"{path} has probes of ABI {facts.abi}, this montauk reads ABI {abi}"
        raise CollectorUnavailable(reason, f"replace them: {LOAD}")
    for name, record in MAPS.items() if descriptors else ():
        slots = facts.slots if name in LOGS else 1
        entries = facts.cpus * (FIXED[name][1] if name in FIXED else slots)
        expected = (bpf.ARRAY, 4, record.itemsize, entries, name)
        try:
            is_right = bpf.map_info(descriptors[name]) == expected
            is_right = is_right and bpf.is_frozen(descriptors[name])
        except (OSError, ValueError):
            is_right = False
        if not is_right:
            raise Damaged(f"{path}/{name} is not the map that it should be", AGAIN)


def _check_hooks(folder: int, path: str, loaded: int) -> None:
    """Look for a hook that is missing: its events are neither seen nor counted lost.

    Raises:
        Damaged: Some are missing.
    """
    try:
        there = len(list(Path(f"/proc/self/fd/{folder}/{HOOKS}").iterdir()))
    except PermissionError:
        # Root without CAP_DAC_READ_SEARCH.
        return
    if there < loaded:
        raise Damaged(
            f"{loaded - there} of {loaded} hooks in {path} are missing", AGAIN
        )


def _refuse_other_abi(place: str, abi: int) -> None:
    """Raise CollectorUnavailable if there are pins of another ABI."""
    for other in _OTHER_ABIS:
        path = f"{place}/{pinfolder.name_of(other)}"
        if other != abi and os.path.lexists(path):
            reason = f"the loaded probes have ABI {other}, this montauk reads ABI {abi}"
            raise CollectorUnavailable(reason, f"replace them: {LOAD}")


def _refuse_outsider(place: str, error: OSError) -> None:
    """Raise CollectorUnavailable if a group may look into the folder above."""
    try:
        found = os.stat(place)  # noqa: PTH116
    except OSError:
        return
    if found.st_mode & 0o010 and found.st_gid != 0:
        raise CollectorUnavailable(*_outsider(place, found)) from error


def _outsider(path: str, found: os.stat_result) -> tuple[str, str]:
    """Return why this user may not read a folder, and the remedy."""
    remedy = f"let a group read them: {LOAD} --group NAME"
    if found.st_mode & 0o010 and found.st_gid != 0:
        group = pinfolder.group_name(found.st_gid)
        remedy = f"join it: sudo usermod -aG {group} USER, then log in again"
    return f"{path} is for {readers_of(found)}", remedy


def _refusal(path: str, folder: int, error: OSError) -> CollectorUnavailable:
    """Return why pins cannot be opened."""
    if error.errno == errno.ENOENT:
        return Damaged(f"some pins in {path} are missing", AGAIN)
    if error.errno == errno.EACCES and error.filename is not None:
        return CollectorUnavailable(*_outsider(path, os.fstat(folder)))
    if error.errno == errno.EPERM and not gives_maps():
        reason = (
            f"Linux {os.uname().release} gives the logs of loaded probes to root only"
        )
        remedy = "use Linux 5.9 or newer, or run it as root"
        return CollectorUnavailable(reason, remedy)
    return Damaged(f"the pins in {path}: {error.strerror}", AGAIN)


def gives_maps() -> bool:
    """Tell whether the kernel gives maps to users without privilege (5.19)."""
    version = re.findall(r"\d+", os.uname().release)[:2]
    return tuple(map(int, version)) >= (5, 19)
