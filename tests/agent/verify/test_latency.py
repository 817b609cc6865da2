"""Percentiles out of buckets, against the exact ones."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.verify.latency import Latencies


def taken(values: list[int]) -> Latencies:
    latencies = Latencies()
    for value in values:
        latencies.add(value)
    return latencies


@given(st.lists(st.integers(-(2**50), 2**50), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_percentiles_are_within_a_hundredth(values: list[int], part: float) -> None:
    exact = sorted(values)[max(math.ceil(part * len(values) - 1e-9) - 1, 0)]
    latencies = taken(values)
    assert latencies.percentile(part) == pytest.approx(exact, rel=0.01)
    assert latencies.most == max(values)
    assert latencies.count == len(values)


def test_small_ones_are_exact() -> None:
    latencies = taken(list(range(100)))
    assert [latencies.percentile(part) for part in (0.5, 0.95, 0.99)] == [49, 94, 98]


def test_none_are_zero() -> None:
    assert Latencies().percentile(0.5) == 0


def test_memory_does_not_grow_with_records() -> None:
    latencies = taken([number * 37 for number in range(50_000)])
    assert len(latencies._buckets) < 2_500
