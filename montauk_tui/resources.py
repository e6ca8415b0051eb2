"""The data folders `themes/` and `probes/` of this installation.

A wheel installs them inside the package; a checkout (and so an editable install) keeps
them beside it.
"""

from pathlib import Path

from montauk_tui.errors import ResourceMissing

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the data folder `name`.

    Raises:
        ResourceMissing: The installation is incomplete.
    """
    installed = _PACKAGE / name
    if installed.is_dir():
        return installed
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    reason = f"the folder {name!r} of the installation is missing"
    raise ResourceMissing(reason, "reinstall montauk")
