"""The memory maps of a process, summed by kind (proc_pid_maps(5))."""

from typing import Final

from montauk_tui.collectors.procfs.details.subject import Subject, why
from montauk_tui.model.details import Amount, Table, Unit, Value

_LIMIT: Final = 1 << 22
"""About 40,000 maps; the kernel allows 65,530 by default."""

_ADDRESS_DIGITS: Final = 16


def maps_table(subject: Subject) -> tuple[Table | None, str]:
    """Return the maps by kind, or why they are not known."""
    try:
        text = subject.folder.read("maps", _LIMIT)
    except OSError as error:
        return None, why(error)
    sums: dict[str, tuple[int, int]] = {}
    for line in text.splitlines():
        found = _kind_and_bytes(line)
        if found is not None:
            count, size = sums.get(found[0], (0, 0))
            sums[found[0]] = (count + 1, size + found[1])
    ordered = sorted(sums.items(), key=lambda item: -item[1][1])
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (kind, Amount(count), Amount(size, Unit.BYTES))
        for kind, (count, size) in ordered
    )
    note = "not all: too many maps" if len(text) == _LIMIT else ""
    return Table(("KIND", "MAPS", "VIRTUAL"), rows), note


def _kind_and_bytes(line: bytes) -> tuple[str, int] | None:
    words = line.split(None, 5)
    first, dash, last = words[0].partition(b"-") if words else (b"", b"", b"")
    if len(words) < 5 or not dash or max(len(first), len(last)) > _ADDRESS_DIGITS:  # noqa: PLR2004 - a path may lack
        return None
    try:
        size = int(last, 16) - int(first, 16)
    except ValueError:
        return None
    path = words[5] if len(words) > 5 else b""  # noqa: PLR2004 - the path
    return _kind(words[1], path), max(0, size)


def _kind(rights: bytes, path: bytes) -> str:
    """Return the purpose of a map, from its permissions and its name."""
    if path.startswith((b"[stack", b"[heap]")):
        return "stack" if path.startswith(b"[stack") else "heap"
    if path.startswith((b"[vdso", b"[vvar", b"[vsyscall", b"[uprobes")):
        return "of the kernel"
    if rights.endswith(b"s") or path.startswith((b"/memfd:", b"/SYSV", b"/dev/shm/")):
        return "shared"
    if not path or path.startswith(b"["):
        return "anonymous" if b"x" not in rights else "anonymous, executable"
    if b"x" in rights:
        return "program text"
    return "file data" if b"w" in rights else "file, read only"
