"""The commands that load the probes for all users, remove them, and tell of them."""

import os
import time
from functools import partial
from typing import Final

from montauk_tui.collectors.clock import namespace_offsets
from montauk_tui.collectors.kernel import pinning, pins, requirements
from montauk_tui.collectors.kernel.about import About, how_attached
from montauk_tui.collectors.kernel.log import Counts
from montauk_tui.collectors.kernel.missed import recursions
from montauk_tui.collectors.kernel.origin import surroundings
from montauk_tui.collectors.kernel.pinfolder import BPFFS, group_name
from montauk_tui.collectors.kernel.pins import LOAD, Pins
from montauk_tui.collectors.kernel.readers import GROUP, Readers, readers_of
from montauk_tui.collectors.kernel.sizes import Sizes
from montauk_tui.engine.units import bytes_text, counted, duration_text
from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.export.output import write_stdout
from montauk_tui.export.waiting import Waiting
from montauk_tui.trust import ROOT

_MOST_SLOTS: Final = 1 << 20

_REVEALED: Final = (
    "every user can now read the names, arguments and exit statuses of all processes,\n"
    "those of other users and containers too, whatever hidepid of /proc says"
)


def load(group: str | None, *, everybody: bool, slots: int | None) -> int:
    """Load the probes and return the exit code.

    Raises:
        MontaukError: It was not possible, with the reason and the remedy.
    """
    _check_root("load")
    readers = readers_of(group, everybody=everybody)
    state = requirements.check()
    if not state.available:
        raise MontaukError(state.reason, state.remedy)
    probes, sizes = surroundings()
    waiting = partial(Waiting(is_forced=True), "kernel")
    wanted = pinning.Wanted(
        probes, _sizes(sizes, slots), readers, _offset_ns(), waiting
    )
    done = pinning.load(wanted)
    write_stdout("\n".join(_loaded_lines(done, readers)))
    return 0


def unload() -> int:
    """Remove the loaded probes and return the exit code.

    Raises:
        MontaukError: It was not possible, with the reason and the remedy.
    """
    _check_root("unload")
    removed = pinning.unload()
    names = ", ".join(f"{BPFFS}/{name}" for name in removed)
    write_stdout(f"unloaded: {names}" if removed else "no probes were loaded")
    return 0


def status() -> int:
    """Print what is loaded and return the exit code: 1 if there is nothing usable.

    Raises:
        MontaukError: There is nothing that this user can use.
    """
    found = pins.find()
    if found is None:
        raise MontaukError("no probes are loaded", f"load them: {LOAD}")
    with found:
        write_stdout("\n".join(_status_lines(found)))
    return 0


def _check_root(command: str) -> None:
    if os.geteuid() != ROOT:
        remedy = f"run it as root: sudo montauk probes {command}"
        raise MontaukError(f"only root may {command} probes", remedy)


def _sizes(sizes: Sizes, slots: int | None) -> Sizes:
    if slots is None:
        return sizes
    if slots & (slots - 1) or slots > _MOST_SLOTS:
        reason = f"--slots: {slots} is not a power of two up to {_MOST_SLOTS}"
        raise UsageError(reason, "use 8192, for example")
    return sizes._replace(slots=slots)


def _loaded_lines(done: pinning.Done, readers: Readers) -> list[str]:
    facts = done.facts
    verb = "were loaded before" if done.was_loaded else "are loaded"
    lines = [f"the probes {verb}: {_attachment(facts)}, ABI {facts.abi}"]
    if readers.everybody:
        return [*lines, _REVEALED]
    if readers.gid == ROOT:
        remedy = f"for others, load them with --group NAME, or create the group {GROUP}"
        return [*lines, f"only root may read them; {remedy}"]
    name = f"group {group_name(readers.gid)}"
    lines.append(f"{name} may read them: all processes and their arguments")
    if facts.parent:
        lines.append(f"{name} may search {BPFFS} until they are unloaded")
    return lines


def _attachment(facts: About) -> str:
    return f"{facts.hooks} hooks by {how_attached(facts.attachment, facts.hooked)}"


def _status_lines(found: Pins) -> list[str]:
    facts = found.about
    age_s = facts.age_s(_offset_ns())
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() - age_s))
    rows = [
        ("loaded", f"{since} by {facts.loaded_by}, {duration_text(age_s)} ago"),
        ("version", f"montauk {facts.version}, ABI {facts.abi}, BCC {facts.bcc}"),
        ("attached", _attachment(facts)),
        ("readers", f"{found.readers}{_reading(facts)}"),
        ("events", _events(found)),
        ("missed", _missed(found)),
        ("logs", f"{facts.slots:,} records for each of {facts.cpus} CPUs"),
        ("memory", bytes_text(facts.memory_bytes)),
        ("pins", found.path),
    ]
    return [f"{name:<9} {value}" for name, value in rows]


def _reading(facts: About) -> str:
    """Return what readers without privilege lack on this kernel."""
    if pins.gives_maps():
        return ""
    if not facts.iterators:
        return ", who cannot read here: bpf(2) gives them no map, and Linux no iterator"
    return ": bpf(2) gives them no map, they read by iterators, at a higher cost"


def _events(found: Pins) -> str:
    counts = Counts(found.storage, found.about.cpus)
    try:
        names = ("fork", "exec", "exit")
        return ", ".join(counted(counts.total(f"{name}s"), name) for name in names)
    finally:
        counts.close()


def _missed(found: Pins) -> str:
    """Return how often the kernel did not run a probe: a reader cannot know."""
    if not found.descriptors.keys() & set(found.about.hooked):
        return "only root can see how many events the kernel left out"
    return f"{counted(recursions(found.descriptors), 'event')} left out by the kernel"


def _offset_ns() -> int:
    offsets = namespace_offsets()
    return 0 if offsets is None else offsets.boot_ns
