"""The systemd unit and the container that the path of a cgroup names.

Managers name the cgroups they create, but any process may create one of such a name: a
match is a guess.
"""

import re
from functools import lru_cache
from typing import Final

_DELETED: Final = " (deleted)"
"""What the kernel appends to the path of a cgroup that was removed."""

_UNIT: Final = re.compile(r"[\w:.\\@-]+\.(?:service|scope|socket|mount|swap)", re.ASCII)
_USER_MANAGER: Final = re.compile(r"user@\d+\.service", re.ASCII)

_ID_DIGITS: Final = 12
"""Of 64, as Docker prints them."""

_ID: Final = r"([0-9a-f]{12,64})"
_NAME: Final = r"([\w.@\\-]{1,64})"
_FORMS: Final = [
    (runtime, re.compile(form, re.ASCII))
    for runtime, form in (
        ("docker", rf"[^/]*/docker-{_ID}\.scope"),
        ("docker", rf"(?:docker|actions_job)/{_ID}"),
        ("podman", rf"[^/]*/libpod-{_ID}(?:\.scope)?"),
        ("cri", rf"[^/]*/cri-containerd-{_ID}(?:\.scope)?"),
        # containerd where slices are not those of systemd: SLICE:cri-containerd:ID.
        ("cri", rf"[^/]*/[^/]*:cri-containerd:{_ID}"),
        ("crio", rf"[^/]*/crio-{_ID}(?:\.scope)?"),
        ("nerdctl", rf"[^/]*/nerdctl-{_ID}\.scope"),
        ("kube", rf"pod[0-9a-f][0-9a-f_-]{{30,40}}/{_ID}"),
        ("ecs", rf"[0-9a-f]{{32}}/({_ID[1:-1]})-\d+"),
        ("lxc", rf"[^/]*/lxc\.payload\.{_NAME}"),
        ("lxc", rf"lxc/{_NAME}"),
        ("nspawn", rf"[^/]*/systemd-nspawn@{_NAME}\.service"),
        # Virtual machines and libvirt's containers have scopes of the same form.
        ("nspawn", rf"[^/]*/machine-(?!qemu|lxc){_NAME}\.scope"),
    )
]
"""Names that container managers give cgroups: the last two parts of the path."""


@lru_cache(maxsize=4096)
def unit_of(path: str) -> str:
    """Return the systemd unit of a cgroup, empty where there is none.

    The first that is no slice; of what a user's own systemd runs, the unit there
    (cg_pid_get_unit and cg_pid_get_user_unit in systemd).
    """
    found = ""
    for part in path.removesuffix(_DELETED).split("/"):
        # A name that is one of the kernel's files has a _ before it.
        name = part.removeprefix("_")
        if not _UNIT.fullmatch(name):
            if found and not name.endswith(".slice"):
                break
            continue
        found = name
        if not _USER_MANAGER.fullmatch(name):
            break
    return found


@lru_cache(maxsize=4096)
def container_of(path: str) -> str:
    """Return the container of a cgroup as `runtime:name`, empty where there is none.

    Of containers in containers it is the innermost.
    """
    parts = path.removesuffix(_DELETED).split("/")
    for place in range(len(parts) - 1, 0, -1):
        both = f"{parts[place - 1]}/{parts[place]}"
        for runtime, form in _FORMS:
            if match := form.fullmatch(both):
                return f"{runtime}:{_short(match[1])}"
    return ""


def _short(name: str) -> str:
    r"""Return an id as Docker shortens it, or a name.

    systemd writes a `-` in it as `\x2d`; other escapes stay what they are.
    """
    if re.fullmatch(_ID, name):
        return name[:_ID_DIGITS]
    return name.replace(r"\x2d", "-")
