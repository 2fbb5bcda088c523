"""How far the work on an answer is, as the customer is told."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as replace_fields

from services.collector.domain import InvitationReplica, LinkTarget, OpenedCase
from services.collector.receipts import MAX_OBJECTIONS, is_shown_alone, objected, receipt_of
from shared.events import Answer, Tenant
from shared.events.cases import OBJECTION_WITHIN

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ID = UUID(int=7)
ANSWER = Answer(
    id=ID, version=3, state="sent", origin="survey", score=2, comment="Late.", answered_at=NOW - DAY,
    changed_at=NOW - DAY,
)  # fmt: skip
INVITATION = InvitationReplica(
    id=ID, state="sent", survey_id=ID, survey_version=1, measurement="transactional", language="en",
    test=False, customer_id="c", event_id=ID, touchpoint=None, segments={}, organisation=(),
    invited_at=NOW - 2 * DAY, expires_at=NOW + 30 * DAY,
)  # fmt: skip
TENANT = Tenant(id="acme", version=1, name="Acme", time_zone="Pacific/Auckland", country="NZ")


def a_target(case: OpenedCase | None, answer: Answer | None = ANSWER) -> LinkTarget:
    return LinkTarget(TENANT, INVITATION, None, answer, case=case)


def a_case(stage: str, *, owner: bool = False, closed: datetime | None = None) -> OpenedCase:
    return OpenedCase(NOW + DAY, is_settled=False, stage=stage, has_owner=owner, closed_at=closed)


@pytest.mark.parametrize(
    ("stage", "owner", "shown"),
    [
        ("open", False, "received"),
        ("assigned", True, "in_hand"),
        ("contacted", False, "in_hand"),
        ("in_progress", True, "in_hand"),
        ("waiting_customer", True, "waiting"),
        ("reopened", True, "in_hand"),
        ("reopened", False, "received"),
        ("a stage of next year", True, "in_hand"),
    ],
)
def test_a_case_that_is_open_is_received_in_hand_or_waits(stage: str, owner: bool, shown: str) -> None:
    receipt = receipt_of(a_target(a_case(stage, owner=owner)), NOW)
    assert receipt is not None
    assert (receipt.stage, receipt.closing) == (shown, None)


@pytest.mark.parametrize(
    ("stage", "shown"),
    [("resolved", "solved"), ("closed", "ended"), ("no_contact", "ended")],
)
def test_how_it_ended_is_told_as_solved_or_ended_alone(stage: str, shown: str) -> None:
    receipt = receipt_of(a_target(a_case(stage, closed=NOW - HOUR)), NOW)
    assert receipt is not None
    assert (receipt.stage, receipt.closing) == (shown, NOW - HOUR)


def test_a_case_that_was_merged_into_another_one_is_in_hand_without_a_day_or_an_objection() -> None:
    target = a_target(a_case("duplicate", closed=NOW - HOUR))
    receipt = receipt_of(target, NOW)
    assert receipt is not None
    assert (receipt.stage, receipt.until, receipt.closing) == ("in_hand", None, None)
    assert is_shown_alone(target, NOW)


def test_the_day_is_the_companys_and_one_that_is_over_is_not_told() -> None:
    receipt = receipt_of(a_target(a_case("assigned", owner=True)), NOW)
    assert receipt is not None
    assert receipt.until == date(2026, 11, 22)  # one in the night in Auckland
    late = receipt_of(a_target(a_case("assigned", owner=True)), NOW + 2 * DAY)
    assert late is not None
    assert late.until is None


def test_nobody_has_a_receipt_without_a_case_a_person_or_an_answer_that_counts() -> None:
    case = a_case("open")
    held = replace_fields(ANSWER, signs=("fast",))
    for answer in (None, held, replace_fields(ANSWER, anonymous=True)):
        assert receipt_of(a_target(case, answer), NOW) is None
    assert receipt_of(a_target(None), NOW) is None
    assert receipt_of(a_target(a_case("withdrawn", closed=NOW)), NOW) is None
    erased = LinkTarget(TENANT, INVITATION.without_customer(), None, ANSWER, case=case)
    assert receipt_of(erased, NOW) is None


@given(
    said=st.lists(st.timedeltas(min_value=timedelta(), max_value=3 * OBJECTION_WITHIN), max_size=30),
)
def test_a_closing_is_objected_to_once_within_the_days(said: list[timedelta]) -> None:
    answer, closed = ANSWER, NOW
    for after in said:
        target = a_target(a_case("resolved", closed=closed), answer)
        receipt = receipt_of(target, closed + after)
        assert receipt is not None
        assert (receipt.closing is not None) == (after <= OBJECTION_WITHIN and not answer.objections)
        assert is_shown_alone(target, closed + after) == (after <= OBJECTION_WITHIN)
        if receipt.closing is not None:
            answer = objected(answer, receipt.closing, "No.", closed + after)
    assert len(answer.objections) == any(after <= OBJECTION_WITHIN for after in said)
    assert (answer.changed_at, answer.comment) == (ANSWER.changed_at, ANSWER.comment)


def test_an_answer_has_only_so_many_objections() -> None:
    answer = ANSWER
    for day in range(MAX_OBJECTIONS):
        answer = objected(answer, NOW + day * DAY, None, NOW + day * DAY)
    receipt = receipt_of(a_target(a_case("resolved", closed=NOW + 99 * DAY), answer), NOW + 99 * DAY)
    assert receipt is not None
    assert receipt.closing is None
