"""The ticks of the CPUs since boot, from /proc/stat."""

import math
import os
import re
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.collectors.procfs.figures import Reasons, decimal, without_cut_word
from montauk_tui.model.sample import CPU_FIELDS
from montauk_tui.model.schema import Floats, Ints, known_sum

_FILE: Final = "stat"
_KINDS: Final = len(CPU_FIELDS)

_LEAST_KINDS: Final = 4
"""Every kernel has at least these: user, nice, system and idle."""

_MOST_TICKS: Final = 1e12
"""Three centuries of 1/100 s on one CPU."""

_TICKS_DIGITS: Final = 12
_NAME_BYTES: Final = 9

_IRQ: Final = CPU_FIELDS.index("irq")

_NAME: Final = re.compile(rb"cpu([0-9]{1,6})")
_INTERRUPTS: Final = re.compile(rb"^intr ([0-9]{1,20}) ", re.MULTILINE)

_LEAST_INTERRUPT_S: Final = 50e-9
"""No interrupt is shorter: entering and leaving it alone takes longer."""

_USER_HZ: Final = os.sysconf("SC_CLK_TCK")


class Cpus(NamedTuple):
    """The CPUs that are online, in the order of their numbers."""

    ids: Ints
    ticks: Floats
    """Shape (cpus, len(CPU_FIELDS)); NaN where a number is not known."""
    measures_interrupts: bool
    """Whether the kernel measures the time of interrupts."""


def parse_cpus(text: bytes, reasons: Reasons) -> Cpus:
    """Return the CPUs of /proc/stat (proc_stat(5)).

    A kernel that lacks the last kinds has 0 there, as it has no such time. The longest
    line, be it that of all CPUs, shows how many kinds it has. If no CPU can be parsed,
    there are as many as the C library reports, with unknown ticks.
    """
    usual = _usual(text)
    if usual is not None:
        return usual
    found: dict[int, list[bytes]] = {}
    kinds = 0
    for line in without_cut_word(text).splitlines():
        if not line.startswith(b"cpu"):
            continue
        name, *words = line.split()
        number = _NAME.fullmatch(name)
        if number is not None and int(number[1]) not in found:
            found[int(number[1])] = words[:_KINDS]
        elif name != b"cpu":
            reasons.add(_FILE, f"a line begins with {ascii(name[:20])[1:]}")
            continue
        kinds = max(kinds, min(len(words), _KINDS))
    if not found:
        reasons.add(_FILE, "no CPU")
        found = {cpu: [b""] * _KINDS for cpu in range(os.cpu_count() or 1)}
        reasons = Reasons()
    if kinds < _LEAST_KINDS:
        kinds = _KINDS
    ids = sorted(found)
    ticks = np.array(
        [_ticks(cpu, found[cpu], kinds, reasons) for cpu in ids], dtype=np.float64
    )
    return Cpus(np.array(ids, dtype=np.int64), ticks, _measures(text, ticks))


def _usual(text: bytes) -> Cpus | None:
    """Return the CPUs of a text that is as expected, else None; it takes a third."""
    lines, _, rest = text.partition(b"\nintr ")
    words = lines.split()
    names = words[:: 1 + _KINDS]
    del words[:: 1 + _KINDS]
    is_usual = (
        len(names) > 1
        and len(words) == len(names) * _KINDS
        and names[0] == b"cpu"
        and all(name[:3] == b"cpu" and name[3:].isdigit() for name in names[1:])
        and b"".join(words).isdigit()
        and max(map(len, names)) <= _NAME_BYTES
        and max(map(len, words)) <= _TICKS_DIGITS
    )
    ids = [int(name[3:]) for name in names[1:]] if is_usual else []
    interrupts = rest.partition(b" ")[0]
    if not ids or ids != sorted(set(ids)) or not interrupts.isdigit():
        return None
    numbers = list(map(float, words[_KINDS:]))
    ticks = np.array(numbers).reshape(len(ids), _KINDS)
    irq_s = sum(numbers[_IRQ::_KINDS]) / _USER_HZ
    is_measured = _is_measured(irq_s, int(interrupts))
    return Cpus(np.array(ids, dtype=np.int64), ticks, is_measured)


def _ticks(cpu: int, words: list[bytes], kinds: int, reasons: Reasons) -> list[float]:
    """Return the ticks of one CPU; a line shorter than any other was cut."""
    if len(words) == kinds == _KINDS and b"".join(words).isdigit():
        numbers = list(map(float, words))
        if max(numbers) <= _MOST_TICKS:
            return numbers
    numbers = [decimal(word) for word in words]
    for kind, number in enumerate(numbers):
        if not number <= _MOST_TICKS:
            word = words[kind]
            reasons.number(_FILE, f"{CPU_FIELDS[kind]} of cpu{cpu}", word, _MOST_TICKS)
            numbers[kind] = math.nan
    if len(numbers) < kinds:
        reasons.add(_FILE, f"cpu{cpu} is cut")
        numbers += [math.nan] * (kinds - len(numbers))
    return numbers + [0.0] * (_KINDS - kinds)


def _measures(text: bytes, ticks: Floats) -> bool:
    """Tell whether interrupts are measured, not sampled when a timer ticks.

    A kernel with CONFIG_IRQ_TIME_ACCOUNTING adds up every hard interrupt, unless its
    clock is too slow (irqtime_account_irq in kernel/sched/cputime.c). Others sample
    at ticks, and no tick comes while a hard interrupt is handled: they count nothing,
    or next to nothing for the number of interrupts.
    """
    irq_s = known_sum(ticks[:, _IRQ]) / _USER_HZ
    counted = _INTERRUPTS.search(text)
    return _is_measured(irq_s, int(counted[1]) if counted else 0)


def _is_measured(irq_s: float, interrupts: int) -> bool:
    return irq_s > 0 and irq_s >= _LEAST_INTERRUPT_S * interrupts
