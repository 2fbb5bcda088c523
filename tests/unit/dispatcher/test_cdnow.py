"""B10: the quarantine on the real purchases of CDNOW, by the pure rules."""

from datetime import UTC, datetime, time
from uuid import UUID

import pytest
from msgspec.structs import replace
from support.cdnow import ASKED, all_purchases, count_asked
from support.dispatcher_builders import a_transaction

from services.dispatcher.decisions.domain import decide
from services.dispatcher.decisions.frequency import is_in_quarantine
from services.dispatcher.decisions.sampling import NO_DRAW
from services.dispatcher.decisions.scopes import Asked
from services.dispatcher.decisions.values import CandidateSurvey, Person
from shared.conditions.event_fields import EventFields
from shared.events.surveys import QuarantineScope


@pytest.mark.parametrize(("days", "scope"), [*((days, "any") for days in ASKED), (90, "survey")])
def test_of_all_purchases_as_many_are_asked_about_as_were_counted_by_hand(
    days: int, scope: QuarantineScope
) -> None:
    purchases = all_purchases()
    survey = CandidateSurvey(
        id=UUID(int=1), survey_version=1, name="After a purchase", trigger="purchase", state="live",
        delay_minutes=0, quarantine_days=days, quarantine_scope=scope,
    )  # fmt: skip
    fields = EventFields(a_transaction())
    people: dict[str, Person] = {}
    asked = 0
    for purchase in purchases:
        at = datetime.combine(purchase.day, time(12), UTC)
        verdict = decide(
            event_type="purchase", occurred_at=at, now=at, surveys=[survey], mode="live",
            person=people.get(purchase.customer, Person(address="good")),
            fields=fields, draws=lambda _: NO_DRAW,
        )  # fmt: skip
        if verdict.reason == "invited":
            asked += 1
            known = Asked(at, False, "transactional", None, survey.id)
            people[purchase.customer] = Person(address="good", invited_at=at, asked=(known,))
    assert (len(purchases), asked) == (69_659, ASKED[days])
    assert count_asked(purchases, days) == asked


@pytest.mark.parametrize(("first", "last"), [(1, 120), (121, 240), (241, 365)])
def test_b10_for_every_quarantine_of_a_year_as_many_are_asked_as_are_counted(first: int, last: int) -> None:
    """The rule of the quarantine itself, on the purchases of every hundredth customer."""
    survey = CandidateSurvey(
        id=UUID(int=1), survey_version=1, name="After a purchase", trigger="purchase", state="live"
    )
    purchases = [each for each in all_purchases() if each.customer.endswith("07")]
    assert len(purchases) > 600
    for days in range(first, last + 1):
        of_days = replace(survey, quarantine_days=days)
        people: dict[str, Person] = {}
        asked = 0
        for purchase in purchases:
            at = datetime.combine(purchase.day, time(12), UTC)
            if not is_in_quarantine(of_days, at, people.get(purchase.customer, Person(address="good"))):
                people[purchase.customer] = Person(address="good", invited_at=at)
                asked += 1
        assert asked == count_asked(purchases, days), days
