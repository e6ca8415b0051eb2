"""Collectors that tests install."""

from collections.abc import Callable

import pytest

from montauk_tui.collectors import registry
from tests.support.takeover import Made


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install collectors, best first."""

    def installed(*made: Made) -> None:
        by_name = {collector.name: collector for collector in made}
        monkeypatch.setattr(registry, "names", lambda: list(by_name))
        monkeypatch.setattr(registry, "load", by_name.__getitem__)

    return installed
