"""The requirements of the kernel collector, checked with a few files.

Checks without a remedy come first: nobody is sent for privilege that would not help.
bpffs, tracefs and kernel headers are not required; `unprivileged_bpf_disabled` does not
matter, as it concerns users without privilege.
"""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from montauk_tui.collectors.base import Availability
from montauk_tui.collectors.clock import UNKNOWN_OFFSETS, namespace_offsets
from montauk_tui.collectors.kernel import loader
from montauk_tui.collectors.kernel.btf import DEFAULT_PATH as BTF_PATH
from montauk_tui.errors import ResourceMissing
from montauk_tui.model import own_proc
from montauk_tui.resources import folder

_LEAST_KERNEL: Final = (5, 8)
"""The first with CAP_BPF; the task iterator is of the same release."""

_CAP_SYS_ADMIN: Final = 21
_CAP_PERFMON: Final = 38
_CAP_BPF: Final = 39

_EVERYBODY: Final = ["0", "0", "4294967295"]
"""The ids that the initial user namespace maps (user_namespaces(7))."""

AS_ROOT: Final = "run it as root, or once: sudo montauk probes load"


@dataclass(frozen=True, slots=True)
class Host:
    """The files and commands that are checked."""

    release: str = field(default_factory=platform.release)
    btf: Path = Path(BTF_PATH)
    lockdown: Path = Path("/sys/kernel/security/lockdown")
    process: Path = Path("/proc/self")
    status: Path = Path("/proc/self/status")
    uid_map: Path = Path("/proc/self/uid_map")
    proc: str = "/proc"
    packages: Sequence[str] = loader.PACKAGES
    interpreters: Sequence[str] = loader.INTERPRETERS


Lack = tuple[str, str]
"""Reason and remedy."""


def check(host: Host | None = None) -> Availability:
    """Tell whether the probes should load, without side effect."""
    host = host or Host()
    for find in (
        _old_kernel,
        _no_btf,
        _lockdown,
        lambda it: (
            None if loader.interpreter(it.packages, it.interpreters) else loader.NO_BCC
        ),
        _no_privilege,
        lambda it: own_proc.lack(it.proc),
        lambda it: UNKNOWN_OFFSETS if namespace_offsets(it.process) is None else None,
        _untrusted,
    ):  # fmt: skip
        lack = find(host)
        if lack is not None:
            return Availability(available=False, reason=lack[0], remedy=lack[1])
    return Availability(available=True)


def _old_kernel(host: Host) -> Lack | None:
    version = re.match(r"(\d+)\.(\d+)", host.release)
    if version is None or (int(version[1]), int(version[2])) >= _LEAST_KERNEL:
        return None
    return f"Linux {host.release} has no task iterator", "use 5.8 or newer"


def _no_btf(host: Host) -> Lack | None:
    if os.access(host.btf, os.R_OK):
        return None
    if host.btf.exists():
        return f"{host.btf} may not be read", AS_ROOT
    return f"no {host.btf}", "use a kernel with CONFIG_DEBUG_INFO_BTF=y"


def _lockdown(host: Host) -> Lack | None:
    if "[confidentiality]" not in _text(host.lockdown):
        return None
    return (
        "the kernel is locked down (confidentiality): no program may read its memory",
        "boot with lockdown=integrity or without lockdown",
    )


def _no_privilege(host: Host) -> Lack | None:
    effective = re.search(r"^CapEff:\s*([0-9a-f]+)$", _text(host.status), re.MULTILINE)
    if effective is None:
        return f"no capabilities in {host.status}", "mount /proc"
    held = {bit for bit in range(64) if int(effective[1], 16) >> bit & 1}
    if _CAP_SYS_ADMIN not in held:
        wanted = {"CAP_BPF": _CAP_BPF, "CAP_PERFMON": _CAP_PERFMON}
        missing = [name for name, bit in wanted.items() if bit not in held]
        if missing:
            return f"no {' and '.join(missing)}", _way_to_privilege(host)
    if _text(host.uid_map).split() not in (_EVERYBODY, []):
        return (
            "the capabilities are those of a user namespace, which BPF does not accept",
            "run it as root outside of the container",
        )
    return None


def _untrusted(_host: Host) -> Lack | None:
    try:
        return loader.untrusted(folder("probes"))
    except ResourceMissing as missing:
        return missing.reason, missing.remedy


def _way_to_privilege(host: Host) -> str:
    is_root = re.search(r"^Uid:\s+\d+\s+0\s", _text(host.status), re.MULTILINE)
    return (
        "add to the capabilities of this container or service" if is_root else AS_ROOT
    )


def _text(path: Path) -> str:
    """Return the content of a file, empty if it cannot be read."""
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""
