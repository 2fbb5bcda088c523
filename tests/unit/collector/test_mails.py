"""When nobody can have had the mail by which a link came, whatever is known of its mails."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.collector.domain import STATES_BEFORE_MAIL, InvitationReplica
from services.collector.visits import EARLY, HANDING_OVER, Mails
from shared.outbound import LEASE_DURATION

from .test_domain import a_target

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
S = timedelta(seconds=1)
FIRST = NOW - 5 * DAY
"""The first mail, long before a reminder."""


@pytest.mark.parametrize(
    ("mails", "early"),
    [
        (Mails(NOW), True),
        (Mails(NOW - EARLY), False),
        # A link that the company shows itself came by no mail.
        (Mails(NOW, is_shown=True), False),
        # Scanned while it is handed over, however late that is known.
        (Mails(NOW - 30 * S, is_expected=True), True),
        (Mails(NOW - HANDING_OVER + S, is_expected=True), True),
        # We know of it too late: nobody is taken for a machine for that.
        (Mails(NOW - HANDING_OVER, is_expected=True), False),
        (Mails(NOW + DAY, is_expected=True), True),
        # A reminder is being handed over, was taken, was taken a while ago, was not taken at all.
        (Mails(FIRST, reminding_since=NOW - S), True),
        (Mails(FIRST, reminding_since=NOW - HANDING_OVER), False),
        (Mails(FIRST, reminding_since=NOW - 2 * S, reminded_at=NOW - S), True),
        (Mails(FIRST, reminding_since=NOW - EARLY, reminded_at=NOW - EARLY), False),
        (Mails(FIRST), False),
        # The second one, after a first that was taken.
        (Mails(FIRST, reminding_since=NOW - S, reminded_at=NOW - 2 * DAY), True),
        (Mails(FIRST, reminded_at=NOW - 2 * DAY), False),
        # A visit before the reminder began is one by the first mail.
        (Mails(FIRST, reminding_since=NOW + S), False),
        (Mails(FIRST, reminding_since=NOW + S, reminded_at=NOW + 2 * S), False),
    ],
)
def test_a_visit_is_early_until_five_seconds_after_the_mail_before_it_was_taken(
    mails: Mails, *, early: bool
) -> None:
    assert mails.are_early(NOW) is early


@given(
    handed=st.floats(0, 60), day=st.integers(1, 30), at=st.floats(0, 40), seen_before=st.booleans()
)  # fmt: skip
def test_what_a_scanner_does_while_a_reminder_is_handed_over_is_early_before_and_after_it_is_known_to_be_taken(
    handed: float, day: int, at: float, *, seen_before: bool
) -> None:
    since = FIRST + day * DAY
    taken = since + timedelta(seconds=handed)
    earlier = since - DAY if seen_before else None
    during = since + timedelta(seconds=handed * at / 40)
    assert Mails(FIRST - DAY, reminding_since=since, reminded_at=earlier).are_early(during)
    assert Mails(FIRST - DAY, reminding_since=since, reminded_at=taken).are_early(during)


def test_a_mail_is_expected_until_the_server_has_taken_it_or_never_will() -> None:
    invitation = a_target().invitation
    for state in ("waiting", "sending", "sent", "failed", "bounced", "unknown"):
        assert replace(invitation, state=state).mails.is_expected == (state in STATES_BEFORE_MAIL)
    assert {"waiting", "sending"} == STATES_BEFORE_MAIL


def test_a_replica_of_an_earlier_version_knows_no_reminders() -> None:
    mails = a_target().invitation.mails
    assert (mails.reminding_since, mails.reminded_at) == (None, None)
    assert isinstance(a_target().invitation, InvitationReplica)


def test_a_mail_is_on_its_way_for_as_long_as_its_sender_may_take() -> None:
    assert HANDING_OVER == LEASE_DURATION
