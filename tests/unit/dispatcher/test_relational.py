"""Relational and transactional surveys keep apart; whoever has an open case is not asked: the rules alone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from support.dispatcher_builders import a_transaction

from services.dispatcher.decisions.domain import decide
from services.dispatcher.decisions.relational import last_too_close, unsent_on_day
from services.dispatcher.decisions.sampling import NO_DRAW
from services.dispatcher.decisions.scopes import Asked
from services.dispatcher.decisions.sending_rules import reason_not_to_send
from services.dispatcher.decisions.values import (
    CandidateSurvey,
    OpenCase,
    Person,
    Replaced,
    Verdict,
)
from shared.conditions.event_fields import EventFields

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ORDER, WAVE = UUID(int=101), UUID(int=102)
RULES: dict[str, Any] = {"survey_version": 1, "trigger": "*", "state": "live", "delay_minutes": 0}
RELATION = CandidateSurvey(
    id=UUID(int=1), name="Relation", measurement="relational", quarantine_scope="survey", **RULES
)
DELIVERY = CandidateSurvey(id=UUID(int=2), name="Delivery", quarantine_scope="survey", **RULES)
CAREFUL = Person(address="good", relational_distance_days=14, company_zone="Europe/Copenhagen")


def about_an_order(at: datetime, *, sent: bool = True) -> Asked:
    return Asked(at, False, "transactional", "delivery", DELIVERY.id, None if sent else ORDER)


def about_the_relation(at: datetime, *, sent: bool = True) -> Asked:
    return Asked(at, False, "relational", None, RELATION.id, None if sent else WAVE)


def asked(*asked: Asked, **changes: Any) -> Person:
    last = max((each.at for each in asked), default=None)
    return replace(CAREFUL, asked=asked, invited_at=last, **changes)


def verdict(survey: CandidateSurvey, person: Person, now: datetime = NOW) -> Verdict:
    return decide(
        event_type="order.delivered",
        occurred_at=now,
        now=now,
        surveys=[survey],
        person=person,
        mode="live",
        fields=EventFields(a_transaction()),
        draws=lambda _: NO_DRAW,
    )


def not_sent(survey: CandidateSurvey, person: Person, *, test: bool = False) -> str | None:
    refusal = reason_not_to_send(
        now=NOW, leaves_at=NOW, occurred_at=NOW, expires_at=NOW + 30 * DAY, test=test, survey=survey, person=person,
        mode="live",
    )  # fmt: skip
    return refusal[1] if refusal is not None else None


@pytest.mark.parametrize(
    ("since", "reason"),
    [
        (timedelta(0), "relational_distance"),
        (14 * DAY - timedelta(microseconds=1), "relational_distance"),
        (14 * DAY, "invited"),
        (-13 * DAY, "relational_distance"),
        (-14 * DAY, "invited"),
    ],
)
def test_a_relational_survey_asks_nobody_within_14_days_of_a_transactional_one(
    since: timedelta, reason: str
) -> None:
    assert verdict(RELATION, asked(about_an_order(NOW - since))).reason == reason


def test_no_other_survey_keeps_that_distance_and_no_other_question_counts() -> None:
    assert verdict(DELIVERY, asked(about_the_relation(NOW - DAY))).reason == "invited"
    assert (
        verdict(replace(RELATION, id=UUID(int=3)), asked(about_the_relation(NOW - DAY))).reason == "invited"
    )
    assert verdict(RELATION, asked(about_an_order(NOW - DAY), relational_distance_days=0)).reason == "invited"
    assert verdict(RELATION, asked(about_an_order(NOW - DAY), test_address=True)).reason == "invited"


def test_a_question_of_which_nothing_is_known_counts() -> None:
    assert last_too_close([Asked(NOW - DAY)], NOW, 14) == NOW - DAY


def test_the_explanation_has_the_distance_and_what_it_is_counted_from() -> None:
    at = NOW - 3 * DAY
    (one,) = verdict(RELATION, asked(about_an_order(at))).considered
    assert (one.distance_days, one.asked_at, one.quarantine_days) == (14, at, None)


class TestTheSameDay:
    def test_a_relational_mail_takes_the_day_of_one_that_waits_whatever_the_quarantine_says(self) -> None:
        waits = about_an_order(NOW + timedelta(hours=3), sent=False)
        any_survey = replace(RELATION, quarantine_scope="any")
        for person in (asked(waits), asked(waits, cap_hours=24)):
            found = verdict(any_survey, person)
            assert (found.reason, found.replaces) == ("invited", (Replaced(ORDER, "relational_first"),))

    @pytest.mark.parametrize("cap_hours", [0, 2])
    def test_one_that_has_left_that_day_stands_too_whatever_the_cap_is(self, cap_hours: int) -> None:
        left = about_the_relation(NOW - timedelta(hours=3))
        found = verdict(DELIVERY, asked(left, cap_hours=cap_hours))
        (one,) = found.considered
        assert (found.reason, one.relational_event_id, one.asked_at) == ("relational_first", None, left.at)
        person = replace(asked(cap_hours=cap_hours), asked_by_us=(left,), left_at=left.at)
        assert not_sent(DELIVERY, person) == "relational_first"
        of_yesterday = asked(about_the_relation(NOW - DAY), cap_hours=cap_hours)
        assert verdict(replace(DELIVERY, quarantine_days=0), of_yesterday).reason == "invited"

    def test_it_takes_no_day_when_it_is_not_asked_or_only_tested(self) -> None:
        waits = about_an_order(NOW + timedelta(hours=3), sent=False)
        assert verdict(replace(RELATION, state="paused"), asked(waits)).replaces == ()
        assert verdict(RELATION, asked(waits, test_address=True)).replaces == ()
        sent = about_an_order(NOW - 40 * DAY)
        strict = replace(RELATION, quarantine_scope="any")
        found = verdict(strict, asked(sent, waits))
        assert (found.reason, found.replaces) == ("quarantine", ())
        assert found.considered[0].asked_at == sent.at

    def test_once_the_other_has_left_the_distance_counts(self) -> None:
        assert (
            verdict(RELATION, asked(about_an_order(NOW - timedelta(hours=1)))).reason == "relational_distance"
        )

    def test_one_that_waits_for_another_day_keeps_the_distance(self) -> None:
        waits = about_an_order(NOW + 2 * DAY, sent=False)
        found = verdict(RELATION, asked(waits))
        assert (found.reason, found.replaces) == ("relational_distance", ())

    def test_a_transactional_one_gives_way_to_a_relational_one_that_waits_and_names_it(self) -> None:
        waits = about_the_relation(NOW + timedelta(hours=3), sent=False)
        found = verdict(DELIVERY, asked(waits))
        assert (found.reason, found.relational_event_id) == ("relational_first", WAVE)
        assert found.considered[0].relational_event_id == WAVE

    @pytest.mark.parametrize(
        "other",
        [about_the_relation(NOW - DAY), about_the_relation(NOW + 2 * DAY, sent=False)],
    )
    def test_it_gives_way_to_none_that_has_left_on_another_day_or_waits_for_one(self, other: Asked) -> None:
        assert verdict(DELIVERY, asked(other)).reason == "invited"

    def test_the_day_is_the_companys(self) -> None:
        late = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
        waits = about_an_order(late + timedelta(hours=1), sent=False)  # 23:30 and 00:30 in Copenhagen
        assert unsent_on_day([waits], "transactional", late, "UTC") == (waits,)
        assert unsent_on_day([waits], "transactional", late, "Europe/Copenhagen") == ()


class TestWhenTheMailLeaves:
    def test_a_relational_one_is_not_sent_too_soon_after_another_that_left(self) -> None:
        left = replace(CAREFUL, asked_by_us=(about_an_order(NOW - 2 * DAY),))
        assert not_sent(RELATION, left) == "relational_distance"
        assert not_sent(replace(DELIVERY, quarantine_days=0), left) is None
        waits = replace(CAREFUL, asked_by_us=(about_an_order(NOW - 2 * DAY, sent=False),))
        assert not_sent(RELATION, waits) is None

    def test_a_transactional_one_gives_way_to_a_relational_one_of_that_day(self) -> None:
        waits = replace(CAREFUL, asked_by_us=(about_the_relation(NOW + timedelta(hours=3), sent=False),))
        assert not_sent(DELIVERY, waits) == "relational_first"
        assert not_sent(RELATION, waits) is None


def test_whoever_has_an_open_case_is_not_asked_and_a_test_address_is() -> None:
    busy = replace(CAREFUL, open_case=OpenCase(UUID(int=7), 7))
    for survey in (RELATION, DELIVERY):
        assert verdict(survey, busy).reason == "case_open"
        assert not_sent(survey, busy) == "case_open"
    tester = replace(busy, test_address=True)
    assert (verdict(DELIVERY, tester).reason, not_sent(DELIVERY, tester, test=True)) == ("invited", None)
