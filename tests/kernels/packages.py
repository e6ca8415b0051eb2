"""Debian's kernels of other suites, fetched without touching this system's apt."""

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.kernels.tools import CannotSetUpError, cache, command, say

SUITES = {"5.10": "bullseye", "6.1": "bookworm", "6.12": "trixie", "7.2": "sid"}
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel, with its modules below the same folder."""

    release: str
    image: Path


def kernel(version: str) -> Kernel:
    """Return a kernel from the cache, fetched when it is not there yet."""
    unpacked = cache() / version / "root"
    if not unpacked.is_dir():
        fetch(version, unpacked)
    return find(unpacked)


def find(unpacked: Path) -> Kernel:
    """Return the kernel of an unpacked package; its parts lie where the suite likes."""
    found = [*unpacked.glob("lib/modules/*"), *unpacked.glob("usr/lib/modules/*")]
    for modules in found:
        release = modules.name
        for image in (unpacked / "boot" / f"vmlinuz-{release}", modules / "vmlinuz"):
            if image.is_file():
                return Kernel(release, image)
    raise CannotSetUpError(f"no kernel in {unpacked}: remove that folder and try again")


def fetch(version: str, unpacked: Path) -> None:
    """Download and unpack the newest kernel of a version, all of it or nothing."""
    suite, folder = SUITES[version], unpacked.parent
    shutil.rmtree(folder, ignore_errors=True)
    options = apt_state(folder / "apt", suite)
    command("apt-get", *options, "update", "-qq")
    names = command("apt-cache", *options, "pkgnames", "linux-").split()
    wanted = newest(version, names)
    if not wanted:
        raise CannotSetUpError(f"{suite} has no kernel {version}")
    say(f"fetching {' '.join(wanted)} of {suite}")
    command("apt-get", *options, "download", "-qq", *wanted, cwd=folder)
    partial = folder / "partial"
    for package in folder.glob("*.deb"):
        command("dpkg", "--extract", package, partial)
        package.unlink()
    shutil.rmtree(folder / "apt")
    index_modules(partial)
    partial.rename(unpacked)


def index_modules(unpacked: Path) -> None:
    """Make modules.dep, which the packages leave to their installation."""
    release = find(unpacked).release
    base = unpacked if (unpacked / "lib").is_dir() else unpacked / "usr"
    command(shutil.which("depmod") or "/sbin/depmod", "-b", base, release)


def newest(version: str, names: Iterable[str]) -> list[str]:
    """Return the packages that are the newest plain kernel of a version.

    One, or two where image and modules are apart. Not the flavours: cloud kernels
    lack 9p, and real-time kernels come to the same tracepoints.
    """
    pattern = re.compile(
        rf"linux-(?:image|binary)-({re.escape(version)}\.[0-9][0-9.+-]*(?:deb\d+)?)-amd64"
    )
    present = set(names)
    releases = {found[1] for found in map(pattern.fullmatch, present) if found}
    if not releases:
        return []
    release = max(releases, key=lambda text: [int(n) for n in re.findall(r"\d+", text)])
    split = [f"linux-{part}-{release}-amd64" for part in ("binary", "modules")]
    whole = [f"linux-image-{release}-amd64"]
    return split if present.issuperset(split) else whole


def apt_state(folder: Path, suite: str) -> list[str]:
    """Return the options that make apt know one suite, and keep that in a folder."""
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    sources = folder / "suite.sources"
    sources.write_text(
        f"Types: deb\nURIs: {registry()}\nSuites: {suite}\nComponents: main\n"
        f"Architectures: amd64\nSigned-By: {KEYRING}\n",
        "utf-8",
    )
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "none",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "20",
        "Acquire::https::Timeout": "20",
        "APT::Update::Error-Mode": "any",
        "APT::Sandbox::User": "",  # the folder is ours: no need to become _apt
    }
    return [f"-o{name}={value}" for name, value in settings.items()]


def registry() -> str:
    """Return where this machine's own packages come from."""
    text = command("apt-get", "indextargets", "--format", "$(REPO_URI)")
    found = text.split()
    debian = [address for address in found if address.rstrip("/").endswith("/debian")]
    if not found:
        raise CannotSetUpError("apt has no sources on this machine")
    return (debian or found)[0]
