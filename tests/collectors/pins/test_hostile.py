"""What somebody prepared where the pins should be: refused, and never followed."""

import re
from typing import Final

import pytest

from montauk_tui.collectors.kernel.records import ABI, COUNTS, LIFECYCLE
from montauk_tui.collectors.kernel.sizes import possible_cpus
from tests.support.bpfmachine import GROUP, NOBODY, PLACE, Machine, machine

pytestmark = [pytest.mark.privileged, pytest.mark.usefixtures("nobody")]

FOLDER: Final = f"{PLACE}/montauk-{ABI}"
AS_NOBODY: Final = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups"
EVERYBODYS: Final = "mode=0777"
"""As `mount -t bpf` alone: each user may make folders and links there."""

PREPARED: Final = {
    "somebody's folder": (
        f"{AS_NOBODY} mkdir {FOLDER}",
        f"{FOLDER} belongs to user {NOBODY}",
    ),
    "a link of somebody": (
        f"{AS_NOBODY} mkdir {PLACE}/own; {AS_NOBODY} ln -s {PLACE}/own {FOLDER}",
        f"{FOLDER} is a link or a file",
    ),
    "a link of root": (
        f"mkdir {PLACE}/own; ln -s {PLACE}/own {FOLDER}",
        f"{FOLDER} is a link or a file",
    ),
    "a link to nowhere": (
        f"{AS_NOBODY} ln -s /nowhere {FOLDER}",
        f"{FOLDER} is a link or a file",
    ),
    "a folder for everybody to write": (
        f"mkdir {FOLDER}; chmod 0777 {FOLDER}",
        f"{FOLDER} may be written by others than root",
    ),
    "a folder for a group to write": (
        f"mkdir {FOLDER}; chown 0:{GROUP} {FOLDER}; chmod 0770 {FOLDER}",
        f"{FOLDER} may be written by others than root",
    ),
    "another file system in its place": (
        f"mkdir {FOLDER}; mount -t tmpfs none {FOLDER}; chmod 0755 {FOLDER}",
        f"{FOLDER} is not in a BPF file system",
    ),
    "a file system that is not sticky": (
        f"chmod 0777 {PLACE}",
        f"{PLACE} may be written by others than root",
    ),
    "a file system of somebody": (
        f"chown {NOBODY} {PLACE}",
        f"{PLACE} belongs to user {NOBODY}",
    ),
}


def refused(one: Machine, *command: str, gid: int | None = None) -> str:
    """Return the complaint of a command that must fail, in one line with a remedy."""
    done = one.montauk(*command, gid=gid)
    assert done.returncode == 1, done.stdout
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert "; " in lines[0]
    return lines[0].removeprefix("montauk: ")


def everything(one: Machine) -> str:
    return one.run("find", PLACE, "-printf", "%P %M %u %g %l %i\n").stdout


@pytest.mark.parametrize("name", PREPARED)
def test_nobody_uses_or_changes_what_others_prepared(name: str) -> None:
    script, reason = PREPARED[name]
    with machine(EVERYBODYS) as one:
        one.shell(script)
        before = everything(one)
        for gid in (None, GROUP):
            assert refused(one, "probes", "status", gid=gid).startswith(reason)
        info = one.montauk("--collector-info", gid=GROUP).stdout
        assert f"kernel: unavailable: {reason}; " in info
        for command in ("load", "unload"):
            assert refused(one, "probes", command).startswith(reason)
        assert everything(one) == before


def test_root_has_its_own_probes_all_the_same() -> None:
    with machine(EVERYBODYS) as one:
        one.shell(f"{AS_NOBODY} mkdir {FOLDER}")
        info = one.montauk("--collector-info").stdout
        assert "[active] kernel (eBPF, BCC " in info


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (f"{AS_NOBODY} mkdir {PLACE}/montauk-work", f"belongs to user {NOBODY}"),
        (f"{AS_NOBODY} ln -s {PLACE} {PLACE}/montauk-work", "is a link or a file"),
        (f"mkdir -m 0777 {PLACE}/montauk-work", "may be written by others than root"),
    ],
)
def test_the_folder_in_which_they_are_made(script: str, reason: str) -> None:
    with machine(EVERYBODYS) as one:
        one.shell(script)
        before = everything(one)
        said = refused(one, "probes", "load")
        assert f"{PLACE}/montauk-work {reason}" in said
        assert everything(one) == before


def test_folders_of_others_with_such_a_name_are_not_removed() -> None:
    with machine(EVERYBODYS) as one:
        one.shell(f"{AS_NOBODY} mkdir {PLACE}/montauk-99")
        assert one.montauk("probes", "load").returncode == 0
        assert one.montauk("probes", "unload").stdout == f"unloaded: {FOLDER}\n"
        assert "montauk-99" in everything(one)


def test_no_file_system_is_mounted() -> None:
    with machine(None) as one:
        for command in ("load", "unload"):
            said = refused(one, "probes", command)
            assert said == (
                f"no BPF file system is mounted at {PLACE}; "
                f"mount it: sudo mount -t bpf bpf {PLACE}"
            )
        assert refused(one, "probes", "status").startswith("no probes are loaded; ")


def test_a_file_system_for_reading_only() -> None:
    with machine("mode=0755,ro") as one:
        said = refused(one, "probes", "load")
        assert said.startswith(f"{PLACE}: Read-only file system; ")


# --- pins of root's that are not what they should be ----------------------------------

MAKE: Final = """
import sys
from montauk_tui.collectors.kernel import bpf
size, entries, frozen, path = *map(int, sys.argv[1:4]), sys.argv[4]
fd = bpf.create_map(bpf.ARRAY, 4, size, entries, 1 << 10, path.rpartition("/")[2])
if size == 4096:
    bpf.set_first(fd, sys.argv[5].encode().ljust(size, bytes(1)))
if frozen:
    bpf.freeze(fd)
bpf.pin(fd, path)
"""
DAMAGED: Final = {
    "a log is missing": (f"rm {FOLDER}/lives", "some pins in"),
    "the iterator is missing": (f"rm {FOLDER}/tasks", "some pins in"),
    "the hooks are missing": (f"rm -r {FOLDER}/hooks", "some pins in"),
    "what is known is missing": (f"rm {FOLDER}/about", "some pins in"),
    "a link to another log": (
        f"rm {FOLDER}/lives; ln -s {FOLDER}/forks {FOLDER}/lives",
        "lives is a link",
    ),
    "a log in place of another": (
        f"mv {FOLDER}/forks {FOLDER}/lives",
        "some pins in",
    ),
    "a log of somebody": (
        f"chown {NOBODY} {FOLDER}/finals",
        f"finals belongs to user {NOBODY}",
    ),
    "a log that the readers may not map": (
        f"chmod 0640 {FOLDER}/lives",
        "the pins in",
    ),
    "two logs are exchanged": (
        f"cd {FOLDER}; mv idles was; mv counts idles; mv was counts",
        "is not the map that it should be",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_half_removed_pins_are_refused_and_loading_mends_them(name: str) -> None:
    script, reason = DAMAGED[name]
    with machine() as one:
        one.montauk("probes", "load", "--group", str(GROUP))
        one.shell(script)
        said = refused(one, "probes", "status", gid=GROUP)
        assert reason in said
        assert said.endswith("load the probes again: sudo montauk probes load")
        done = one.montauk("probes", "load", "--group", str(GROUP))
        assert done.stdout.startswith("the probes are loaded: ")
        assert one.montauk("probes", "status", gid=GROUP).returncode == 0


def test_probes_without_their_hooks_are_refused_to_root_who_can_see_that() -> None:
    with machine() as one:
        one.montauk("probes", "load")
        one.shell(f"rm {FOLDER}/hooks/0")
        said = refused(one, "probes", "status")
        assert re.search(rf"1 of \d+ hooks in {FOLDER} are missing; load the", said)
        found = one.montauk("--collector-info").stdout.splitlines()[1]
        assert "loaded" not in found
        load = one.montauk("probes", "load")
        assert load.stdout.startswith("the probes are loaded: ")
        assert one.montauk("probes", "status").returncode == 0


@pytest.mark.parametrize(
    ("pin", "size", "entries", "frozen", "text", "reason"),
    [
        ("counts", 136, 2, 1, "", "counts is not the map that it should be"),
        (
            "counts",
            COUNTS.itemsize,
            20_000,
            1,
            "",
            "counts is not the map that it should be",
        ),
        (
            "lives",
            LIFECYCLE.itemsize,
            16,
            1,
            "",
            "lives is not the map that it should be",
        ),
        (
            "counts",
            COUNTS.itemsize,
            -1,
            0,
            "",
            "counts is not the map that it should be",
        ),
        ("about", 64, 1, 1, "", "about was not written by montauk"),
        ("about", 4096, 1, 1, "", "about was not written by montauk"),
        ("about", 4096, 1, 1, "[" * 4000, "about was not written by montauk"),
        ("about", 4096, 1, 1, '{"abi": 1}', "about was not written by montauk"),
    ],
)
def test_other_maps_are_refused(
    pin: str, size: int, entries: int, frozen: int, text: str, reason: str
) -> None:
    """One that is not frozen could be written by its readers."""
    if entries < 0:
        entries = possible_cpus()
    with machine() as one:
        one.montauk("probes", "load", "--group", str(GROUP))
        one.shell(f"rm {FOLDER}/{pin}")
        made = one.python(
            MAKE, str(size), str(entries), str(frozen), f"{FOLDER}/{pin}", text
        )
        assert made.returncode == 0, made.stderr
        one.shell(f"chown 0:{GROUP} {FOLDER}/{pin}; chmod 0660 {FOLDER}/{pin}")
        assert reason in refused(one, "probes", "status", gid=GROUP)


def test_probes_of_another_abi_are_not_read_but_replaced() -> None:
    with machine() as one:
        one.montauk("probes", "load", "--group", str(GROUP))
        other = f"{PLACE}/montauk-{ABI + 1}"
        one.shell(f"mv {FOLDER} {other}")
        said = refused(one, "probes", "status", gid=GROUP)
        assert said == (
            f"the loaded probes have ABI {ABI + 1}, this montauk reads ABI {ABI}; "
            "replace them: sudo montauk probes load"
        )
        assert one.montauk("probes", "load").returncode == 0
        assert f"montauk-{ABI + 1}" not in everything(one)
        # Nor do those lie where they say.
        one.shell(f"mv {FOLDER} {other}; mkdir -m 0755 {FOLDER}")
        assert "some pins in" in refused(one, "probes", "status")
        assert one.montauk("probes", "unload").returncode == 0
        assert "montauk" not in everything(one)


def test_who_is_not_in_the_group_is_told_how_to_get_in(loaded: Machine) -> None:
    said = refused(loaded, "probes", "status", gid=4243)
    assert said == (
        f"{FOLDER} is for group {GROUP}; "
        f"join it: sudo usermod -aG {GROUP} USER, then log in again"
    )
    info = loaded.montauk("--collector-info", gid=4243).stdout
    assert f"kernel: unavailable: {said}" in info
