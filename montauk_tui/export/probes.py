"""The commands about the probes of the kernel collector."""

from collections.abc import Sequence

from montauk_tui.collectors.kernel.btf import DEFAULT_PATH, Btf, BtfError
from montauk_tui.collectors.kernel.layout import Layout, consequence, read_layout
from montauk_tui.errors import MontaukError
from montauk_tui.export.output import write_stdout

_TITLES = ("STRUCT", "FIELD", "OFFSET", "SIZE", "TYPE")
_NUMBERS = frozenset((2, 3))
"""Columns that are aligned to the right."""

_NO_BTF = "use a kernel with CONFIG_DEBUG_INFO_BTF=y"


def layout(path: str = DEFAULT_PATH) -> int:
    """Print the offsets of the fields that the probes read on this kernel.

    Raises:
        MontaukError: Its type information cannot be read.
    """
    try:
        found = read_layout(Btf(path))
    except FileNotFoundError as error:
        raise MontaukError(f"no {path}", _NO_BTF) from error
    except PermissionError as error:
        raise MontaukError(f"{path}: permission denied", "run it as root") from error
    except (OSError, BtfError) as error:
        raise MontaukError(f"{path} cannot be read: {error}", _NO_BTF) from error
    write_stdout("\n".join(layout_lines(found)))
    return 0


def layout_lines(found: Layout) -> list[str]:
    """Return the fields, the missing ones with the effect, and the rest."""
    fields = [
        (one.struct, one.name, str(field.offset), str(field.size), field.type_name)
        for one in found.used
        if (field := one.field) is not None
    ]
    lines = _aligned([_TITLES, *fields])
    if found.missing:
        costs = [
            (f"{used.struct}.{used.name}", f"missing: {consequence(used.macro)}")
            for used in found.missing
        ]
        lines += ["", *_aligned(costs)]
    return [*lines, "", *_aligned(_differences(found))]


def _differences(found: Layout) -> list[tuple[str, str]]:
    """Return other differences between kernels."""
    sizes = found.sizes
    rss = f"{sizes['rss_stat']} bytes, counter at byte {sizes['rss_in_counter']}"
    reports = "reports" if found.exit_tells_group_dead else "does not report"
    return [
        ("element of mm_struct.rss_stat", rss if sizes["rss_stat"] else "missing"),
        ("struct upid", f"{sizes['upid']} bytes"),
        ("tracepoint sched_process_exit", f"{reports} whether all threads exited"),
    ]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
