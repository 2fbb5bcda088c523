"""A browser whose push service takes nothing rests, longer each time, and ends after days of failures alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.alerts.notices.push_rest import MIN_FAILURES, REMOVED_AFTER, PushHealth
from shared.mail import Deferred, Delivered, Outcome, Rejected, Unknown

START = datetime(2026, 11, 20, 11, tzinfo=UTC)
FAILURES = [Deferred("away"), Unknown("broken")]
ANSWERS = [Delivered(), Rejected("too large", 413)]


@given(st.lists(st.tuples(st.integers(0, 3_000), st.sampled_from([*FAILURES, *ANSWERS]))))
def test_it_rests_after_failures_and_ends_after_days_of_nothing_else(
    sent: list[tuple[int, Outcome]],
) -> None:
    health, now, since, failures = PushHealth(), START, None, 0
    for minutes, outcome in sent:
        now += timedelta(minutes=minutes)
        health = health.after(outcome, now)
        if outcome in ANSWERS:
            since, failures = None, 0
            assert health == PushHealth()
        else:
            since, failures = since or now, failures + 1
            assert health.rests(now + timedelta(seconds=59))
            assert not health.rests(now + timedelta(hours=4))
        ended = since is not None and failures >= MIN_FAILURES and now - since >= REMOVED_AFTER
        assert health.has_ended(now) == ended


def test_it_rests_as_long_as_it_asks_for() -> None:
    asked = Deferred("busy", not_before=START + timedelta(hours=9))
    assert PushHealth().after(asked, START).rests_until == START + timedelta(hours=9)
