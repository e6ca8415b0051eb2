"""Columns of cgroups, from two readings."""

import math

import pytest

from montauk_tui.engine.interval.cgroup_rates import NAMES, cgroup_rates
from montauk_tui.model.cgroups import NO_LIMIT, CgroupFigures, CgroupSample

BEFORE = {
    "memory_bytes": 50.0, "memory_limit_bytes": 200.0, "cpu_s": 10.0,
    "quota_us": 150_000.0, "period_us": 100_000.0, "periods": 100.0, "throttled": 5.0,
    "throttled_s": 1.0, "read_bytes": 1_000.0, "write_bytes": 0.0, "tasks": 3.0,
    "tasks_limit": NO_LIMIT, "cpu_pressure_pct": 1.5,
}  # fmt: skip
NOW = {
    **BEFORE, "memory_bytes": 150.0, "cpu_s": 13.0, "periods": 120.0,
    "throttled": 10.0, "throttled_s": 1.5, "read_bytes": 5_000.0,
}  # fmt: skip


def rates(
    before: dict[str, float] | None, now: dict[str, float], passed_s: float = 2.0
) -> dict[str, float]:
    """Return the columns of one cgroup, the known ones."""
    first = None if before is None else CgroupSample({"/a": CgroupFigures(10, before)})
    second = CgroupSample({"/a": CgroupFigures(10 + passed_s, now)})
    found = cgroup_rates(first, second)["/a"]
    assert found.keys() == {*NAMES}
    return {name: value for name, value in found.items() if not math.isnan(value)}


def test_the_columns_of_an_interval() -> None:
    assert rates(BEFORE, NOW) == {
        "cgroup_memory_bytes": 150.0,
        "cgroup_limit_bytes": 200.0,
        "cgroup_memory_pct": 75.0,
        "cgroup_cpu_pct": 150.0,
        "cgroup_quota": 1.5,
        "cgroup_throttled_pct": 25.0,
        "cgroup_throttled_rate": 0.25,
        "cgroup_read_rate": 2_000.0,
        "cgroup_write_rate": 0.0,
        "cgroup_tasks": 3.0,
        "cgroup_tasks_limit": math.inf,
        "cgroup_cpu_pressure_pct": 1.5,
    }


@pytest.mark.parametrize("before", [None, {}])
def test_the_first_reading_has_no_rates(before: dict[str, float] | None) -> None:
    found = rates(before, NOW)
    assert not {name for name in found if name.endswith("_rate")}
    assert {"cgroup_cpu_pct", "cgroup_throttled_pct"}.isdisjoint(found)
    assert found["cgroup_memory_pct"] == 75.0


def test_a_cgroup_made_anew_counts_from_its_next_reading() -> None:
    assert "cgroup_cpu_pct" not in rates(BEFORE, {**NOW, "cpu_s": 1.0})


def test_two_readings_at_one_moment_have_no_rates() -> None:
    assert "cgroup_cpu_pct" not in rates(BEFORE, NOW, 0.0)


@pytest.mark.parametrize("limit", [math.inf, 0.0])
def test_without_a_limit_there_is_no_share(limit: float) -> None:
    found = rates(BEFORE, {**NOW, "memory_limit_bytes": limit, "quota_us": NO_LIMIT})
    assert "cgroup_memory_pct" not in found
    assert found["cgroup_limit_bytes"] == limit
    assert found["cgroup_quota"] == math.inf


def test_without_periods_nothing_was_throttled() -> None:
    assert rates(BEFORE, BEFORE)["cgroup_throttled_pct"] == 0.0


def test_what_was_not_read_is_unknown() -> None:
    assert rates({}, {}) == {}
    assert "cgroup_quota" not in rates({}, {"quota_us": 5.0, "period_us": 0.0})
