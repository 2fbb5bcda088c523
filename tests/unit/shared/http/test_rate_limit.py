"""Limits on attempts: no caller uses up another's, and no flood of callers lifts a limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from shared.http.client_networks import network_of
from shared.http.problems import Problem
from shared.http.rate_limit import RateLimit, attempt


def test_a_bucket_fills_again_with_time() -> None:
    now = 0.0
    rate_limit = RateLimit(burst=2, interval_s=3, clock=lambda: now)
    assert [rate_limit.failed("a") for _ in range(3)] == [0, 0, 3]
    assert rate_limit.failed("b") == 0
    now = 3.0
    assert [rate_limit.failed("a"), rate_limit.failed("a") > 0] == [0, True]


def test_idle_callers_are_dropped_and_the_number_of_buckets_stays_bounded() -> None:
    now = 0.0
    rate_limit = RateLimit(burst=2, interval_s=3, max_buckets=10, clock=lambda: now)
    for n in range(100):
        rate_limit.failed(str(n))
    assert len(rate_limit) <= 10
    now = 1000.0
    for n in range(10):
        rate_limit.failed(f"new {n}")
    assert len(rate_limit) == 10


@given(st.lists(st.integers(0, 60), max_size=300), st.integers(1, 4))
def test_no_flood_of_other_callers_frees_an_empty_bucket(others: list[int], most: int) -> None:
    rate_limit = RateLimit(burst=most, interval_s=30, max_buckets=8, clock=lambda: 0.0)
    for _ in range(most):
        rate_limit.failed("guesser")
    for other in others:
        rate_limit.failed(f"other {other}")
        assert rate_limit.wait("guesser") > 0
        assert len(rate_limit) <= 8


def test_while_all_buckets_are_empty_a_new_caller_waits_too() -> None:
    now = 0.0
    rate_limit = RateLimit(burst=1, interval_s=30, max_buckets=3, clock=lambda: now)
    for caller in "abc":
        rate_limit.failed(caller)
    assert rate_limit.wait("d") > 0
    now = 31.0
    assert rate_limit.wait("d") == 0


def test_a_caller_whom_one_bucket_refuses_takes_from_no_other() -> None:
    network, account = (
        RateLimit(burst=1, interval_s=30, clock=lambda: 0.0),
        RateLimit(burst=3, interval_s=30, clock=lambda: 0.0),
    )
    attempt((network, "n"), (account, "victim"))
    for _ in range(20):
        with pytest.raises(Problem):
            attempt((network, "n"), (account, "victim"))
    attempt((network, "other"), (account, "victim"))
    attempt((network, "third"), (account, "victim"))
    with pytest.raises(Problem):
        attempt((network, "fourth"), (account, "victim"))
    attempt((network, "fourth"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("testclient", "testclient", True),
    ],
)
def test_a_caller_is_an_address_of_ipv4_and_a_network_of_ipv6(one: str, other: str, same: bool) -> None:
    def place(host: str) -> str:
        return network_of(Request({"type": "http", "client": (host, 1), "headers": []}))

    assert (place(one) == place(other)) == same
