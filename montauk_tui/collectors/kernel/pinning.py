"""Loading probes that stay, and removing them: what root does for all readers."""

import hashlib
import os
import pwd
import re
import stat
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui import __version__
from montauk_tui.collectors.kernel import bpf, loader, pinfolder, pins
from montauk_tui.collectors.kernel.about import About
from montauk_tui.collectors.kernel.parts import EVERY, READERS
from montauk_tui.collectors.kernel.pinfolder import BPFFS, PREFIX
from montauk_tui.collectors.kernel.readers import Access, Readers, access, let_in
from montauk_tui.collectors.kernel.records import ABI
from montauk_tui.collectors.kernel.sizes import Sizes
from montauk_tui.collectors.kernel.workfolder import Work, working
from montauk_tui.errors import CollectorUnavailable, MontaukError

_LOGIN: Final = Path("/proc/self/loginuid")
_NO_LOGIN: Final = 0xFFFFFFFF

_MODES: Final = {
    ".": 0o750,
    # A map can be mapped through a descriptor for writing only; it is frozen.
    **dict.fromkeys(pins.MAPS, 0o660),
    pins.TASKS: 0o440,
    pins.ABOUT: 0o440,
    **dict.fromkeys(READERS.iterators, 0o440),
}
"""Of the folder and of the pins in it, for a group of readers."""


class Wanted(NamedTuple):
    """What is to be loaded."""

    probes: Path
    sizes: Sizes
    readers: Readers
    offset_ns: int = 0
    """What our time namespace adds to CLOCK_BOOTTIME."""
    on_wait: Callable[[float], None] = lambda _: None


class Done(NamedTuple):
    """What `load` did."""

    facts: About
    was_loaded: bool
    """Whether the same probes were loaded before, for the same readers."""


def load(wanted: Wanted, place: str = BPFFS) -> Done:
    """Load the probes and pin them, in place of others; nothing remains of a failure.

    Raises:
        MontaukError: It was not possible, with the reason and the remedy.
    """
    sources = _digest(wanted.probes)
    with working(place) as work:
        present = _present(work)
        now, before = access(work.above), _own_access(work)
        after = let_in(wanted.readers, before, place)
        if present and _is_same(work, present, wanted, sources):
            return Done(present, was_loaded=True)
        with ExitStack() as undo:
            loaded = _loaded(wanted)
            undo.callback(loaded.close)
            facts = _facts(wanted, loaded, sources)
            if after != before:
                facts.parent = before, after
            try:
                _pin_all(work, facts, loaded, wanted.readers)
                undo.callback(_set_access, work.above, now)
                _set_access(work.above, after)
                work.publish(pinfolder.name_of())
            except OSError as error:
                reason = f"the probes cannot be pinned in {place}: {error.strerror}"
                raise MontaukError(reason, "mount it again, or report it") from error
            undo.pop_all()
            loaded.close()
        for name in _folders(work):
            if name != pinfolder.name_of():
                work.retire(name)
    return Done(facts, was_loaded=False)


def unload(place: str = BPFFS) -> list[str]:
    """Remove all loaded probes; return the names of their folders.

    Raises:
        MontaukError: It was not possible, with the reason and the remedy.
    """
    with working(place) as work:
        _present(work)
        names = _folders(work)
        _set_access(work.above, _own_access(work))
        for name in names:
            work.retire(name)
    return names


def _present(work: Work) -> About | None:
    """Return what is known of the probes of this ABI, None if they are no use.

    Raises:
        Untrusted: Something else has the name of their folder.
    """
    name = pinfolder.name_of()
    try:
        os.close(pinfolder.open_inside(work.above, name, f"{work.place}/{name}"))
    except FileNotFoundError:
        return None
    try:
        found = pins.find(work.place)
    except CollectorUnavailable:
        return None
    if found is None:
        return None
    with found:
        return found.about


def _own_access(work: Work) -> Access:
    """Return the access to the folder above as it was before readers were let in."""
    now = access(work.above)
    for name in _folders(work):
        facts = pins.facts_of(work.above, name, f"{work.place}/{name}")
        if facts and facts.parent and facts.parent[1] == now:
            return facts.parent[0]
    return now


def _folders(work: Work) -> list[str]:
    """Return the names of folders of pins, of any ABI, that only root can have made."""
    names = []
    for name in os.listdir(work.above):  # noqa: PTH208 - of a descriptor
        if not re.fullmatch(f"{PREFIX}[0-9]+", name):
            continue
        try:
            os.close(pinfolder.open_inside(work.above, name, name))
        except CollectorUnavailable:
            continue
        names.append(name)
    return names


def _is_same(work: Work, present: About, wanted: Wanted, sources: str) -> bool:
    """Tell whether loading would change nothing."""
    is_same = (present.sources, present.version) == (sources, __version__)
    is_same &= (present.cpus, present.slots) == wanted.sizes
    for name, mode in _MODES.items():
        if name in READERS.iterators and name not in present.iterators:
            continue
        path = f"{pinfolder.name_of()}/{name}"
        found = os.stat(path, dir_fd=work.above, follow_symlinks=False)
        is_same &= found.st_gid == wanted.readers.gid
        is_same &= stat.S_IMODE(found.st_mode) == wanted.readers.mode(mode)
    return is_same


def _loaded(wanted: Wanted) -> loader.Loaded:
    """Return the probes, attached so that each hook can be pinned."""
    loaded = None
    for attachment in ("auto", "tracepoints"):
        loaded = loader.Loader().load(
            wanted.probes,
            wanted.sizes.defines(),
            attachment,
            parts=(*EVERY, READERS),
            on_wait=wanted.on_wait,
        )
        if all(_is_link(descriptor) for descriptor in _hooks(loaded)):
            return loaded
        # Kprobes are no links before 5.15.
        loaded.close()
    reason = "the hooks of the probes cannot be pinned"
    raise MontaukError(reason, "use Linux 5.8 or newer")


def _hooks(loaded: loader.Loaded) -> list[int]:
    return [it for name, it in loaded.descriptors.items() if name.startswith("hook")]


def _is_link(descriptor: int) -> bool:
    text = Path(f"/proc/self/fdinfo/{descriptor}").read_text("ascii")
    return "link_id:" in text


def _facts(wanted: Wanted, loaded: loader.Loaded, sources: str) -> About:
    return About(
        abi=ABI,
        version=__version__,
        sources=sources,
        attachment=loaded.attachment,
        bcc=loaded.bcc,
        missing=loaded.missing,
        cpus=wanted.sizes.cpus,
        slots=wanted.sizes.slots,
        hooks=len(_hooks(loaded)),
        hooked=tuple(
            it
            for it in loaded.hooked
            if it.endswith(("_tracepoint", "_kprobe", "_return"))
        ),
        iterators=_iterators(loaded),
        loaded_ns=time.clock_gettime_ns(time.CLOCK_BOOTTIME) - wanted.offset_ns,
        loaded_by=_user(),
        memory_bytes=loaded.memory_bytes,
        parent=None,
    )


def _iterators(loaded: loader.Loaded) -> tuple[str, ...]:
    return tuple(name for name in READERS.iterators if name in loaded.descriptors)


def _user() -> str:
    """Return the user who logged in, as the kernel knows it, or else our own."""
    try:
        uid = int(_LOGIN.read_text("ascii"))
    except (OSError, ValueError):
        uid = _NO_LOGIN
    uid = os.getuid() if uid == _NO_LOGIN else uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _pin_all(work: Work, facts: About, loaded: loader.Loaded, readers: Readers) -> None:
    """Pin everything in a new folder that only root can see.

    Raises:
        OSError: The kernel refuses.
    """
    folder = work.new()
    try:
        for name in pins.MAPS:
            bpf.freeze(loaded.descriptors[name])
            _pin(folder, name, loaded.descriptors[name], readers)
        _pin(folder, pins.TASKS, loaded.descriptors["iterator"], readers)
        for name in facts.iterators:
            _pin(folder, name, loaded.descriptors[name], readers)
        _pin_about(folder, facts, loaded.descriptors[pins.ABOUT], readers)
        os.mkdir(pins.HOOKS, 0o700, dir_fd=folder)
        for number, hook in enumerate(_hooks(loaded)):
            bpf.pin(hook, f"/proc/self/fd/{folder}/{pins.HOOKS}/{number}")
        os.fchown(folder, -1, readers.gid)
        os.fchmod(folder, readers.mode(_MODES["."]))
    finally:
        os.close(folder)


def _pin_about(folder: int, facts: About, about: int, readers: Readers) -> None:
    bpf.set_first(about, facts.to_bytes())
    bpf.freeze(about)
    _pin(folder, pins.ABOUT, about, readers)


def _pin(folder: int, name: str, descriptor: int, readers: Readers) -> None:
    bpf.pin(descriptor, f"/proc/self/fd/{folder}/{name}")
    os.chown(name, -1, readers.gid, dir_fd=folder, follow_symlinks=False)
    os.chmod(name, readers.mode(_MODES[name]), dir_fd=folder)


def _set_access(folder: int, wanted: Access) -> None:
    if access(folder) != wanted:
        os.fchown(folder, -1, wanted[0])
        os.fchmod(folder, wanted[1])


def _digest(probes: Path) -> str:
    """Return a number for the text of the probes.

    Raises:
        MontaukError: It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        for path in sorted(probes.rglob("*.[ch]")):
            digest.update(str(path.relative_to(probes)).encode() + b"\0")
            digest.update(path.read_bytes())
    except OSError as error:
        reason = f"the probes cannot be read: {error}"
        raise MontaukError(reason, "reinstall montauk") from error
    return digest.hexdigest()[:16]
