"""The cgroup of a process: use against limits (admin-guide/cgroup-v2.rst)."""

import os
from functools import partial
from pathlib import Path
from typing import Final

from montauk_tui.collectors.procfs.details.subject import Subject, number, tried, why
from montauk_tui.model.details import Amount, Datum, Section, Unit
from montauk_tui.model.text import clean

MOUNTS: Final = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
"""Where version 2 may be mounted: alone, or beside version 1."""

_OFF: Final = "this controller is not on for this cgroup"


def cgroup(subject: Subject, mounts: tuple[str, ...] = MOUNTS) -> Section:
    """Return path, use and limits of the cgroup (version 2)."""
    try:
        lines = subject.folder.read("cgroup").splitlines()
    except OSError as error:
        return Section("cgroup", "Cgroup", reason=why(error))
    paths = dict(_parts(line) for line in lines if line.count(b":") > 1)
    data = [
        Datum(f"v1 {name}", clean(path))
        for name, path in paths.items()
        if name and path != b"/"
    ]
    path = paths.get("")
    if path is None:
        reason = "no cgroup of version 2"
        return Section("cgroup", "Cgroup", (Datum("Path", reason=reason), *data))
    folder = _folder(path, mounts)
    data.insert(0, Datum("Path", clean(path)))
    if folder is None:
        data.append(Datum("Limits", reason="its folder is not visible from here"))
    elif path == b"/":
        data.append(Datum("Limits", reason="the root cgroup has none"))
    else:
        data += _gauges(folder)
    return Section("cgroup", "Cgroup", tuple(data))


def _parts(line: bytes) -> tuple[str, bytes]:
    """Return the controllers and the path of a line; version 2 names none."""
    _, controllers, path = line.split(b":", 2)
    return clean(controllers), path


def _folder(path: bytes, mounts: tuple[str, ...]) -> str | None:
    if b".." in path.split(b"/") or path.endswith(b" (deleted)"):
        return None
    for mount in mounts:
        folder = mount + os.fsdecode(path).rstrip("/")
        if os.path.exists(f"{mount}/cgroup.controllers") and os.path.isdir(folder):  # noqa: PTH110, PTH112 - a path of bytes that are no text
            return folder
    return None


def _gauges(folder: str) -> list[Datum]:
    gauge = partial(tried, missing=_OFF)
    return [
        gauge("Memory", lambda: _amount(folder, "memory", Unit.BYTES)),
        gauge("Memory, high mark", lambda: _limit(folder, "memory.high")),
        gauge("Swap", lambda: _amount(folder, "memory.swap", Unit.BYTES)),
        _killed(folder),
        gauge("Tasks", lambda: _amount(folder, "pids", Unit.COUNT)),
        gauge("CPU limit", lambda: _cpu_limit(folder)),
        *_throttled(folder),
    ]


def _read(folder: str, name: str) -> str:
    text = Path(folder, name).read_bytes()
    return clean(text.replace(b"\n", b" ")).strip()


def _most(text: str) -> float:
    return float("inf") if text == "max" else float(number(text))


def _amount(folder: str, name: str, unit: Unit) -> Amount:
    used = float(number(_read(folder, f"{name}.current")))
    return Amount(used, unit, _most(_read(folder, f"{name}.max")))


def _limit(folder: str, name: str) -> Amount | str:
    most = _most(_read(folder, name))
    return "none" if most == float("inf") else Amount(most, Unit.BYTES)


def _cpu_limit(folder: str) -> str:
    quota, _, period = _read(folder, "cpu.max").partition(" ")
    if quota == "max":
        return "none"
    return f"{number(quota) / max(1, number(period)):.2f} cores"


def _pairs(folder: str, name: str) -> dict[str, float]:
    words = _read(folder, name).split()
    return {
        key: float(number(value))
        for key, value in zip(words[::2], words[1::2], strict=False)
    }


def _killed(folder: str) -> Datum:
    datum = tried(
        "Killed for memory",
        lambda: Amount(_pairs(folder, "memory.events").get("oom_kill", 0.0)),
        missing=_OFF,
    )
    is_notable = isinstance(datum.value, Amount) and datum.value.number > 0
    return Datum(datum.label, datum.value, datum.reason, notable=is_notable)


def _throttled(folder: str) -> list[Datum]:
    try:
        counts = _pairs(folder, "cpu.stat")
    except (OSError, ValueError) as error:
        return [Datum("CPU used", reason=why(error, missing=_OFF))]
    data = [Datum("CPU used", Amount(counts.get("usage_usec", 0) / 1e6, Unit.SECONDS))]
    if "nr_periods" in counts:
        share = counts.get("nr_throttled", 0.0) / max(1.0, counts["nr_periods"])
        waited = Amount(counts.get("throttled_usec", 0) / 1e6, Unit.DURATION)
        note = f"in {share:.0%} of periods"
        data.append(Datum("Throttled", waited, note=note, notable=share > 0))
    return data
