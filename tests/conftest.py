"""What holds for every test."""

from hypothesis import HealthCheck, settings

from tests.support import heritage

# A busy machine is no reason to fail: no example is timed. Nor is a checkout that
# belongs to somebody else: nothing is written to it.
settings.register_profile(
    "montauk",
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("montauk")
heritage.drop()
