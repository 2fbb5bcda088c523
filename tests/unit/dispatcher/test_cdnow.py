"""The quarantine on the real purchases of CDNOW, by the pure rules."""

from datetime import UTC, datetime, time
from uuid import UUID

import pytest
from support.cdnow import ASKED, all_purchases, count_asked

from services.dispatcher.decisions.domain import CandidateSurvey, Person, decide
from services.dispatcher.decisions.scopes import Asked
from shared.events.surveys import QuarantineScope


@pytest.mark.parametrize("scope", ["any", "survey"])
@pytest.mark.parametrize("days", ASKED)
def test_of_all_purchases_as_many_are_asked_about_as_were_counted_by_hand(
    days: int, scope: QuarantineScope
) -> None:
    purchases = all_purchases()
    survey = CandidateSurvey(
        id=UUID(int=1), survey_version=1, name="After a purchase", trigger="purchase", state="live",
        delay_minutes=0, quarantine_days=days, quarantine_scope=scope,
    )  # fmt: skip
    people: dict[str, Person] = {}
    asked = 0
    for purchase in purchases:
        at = datetime.combine(purchase.day, time(12), UTC)
        verdict = decide(
            event_type="purchase", occurred_at=at, now=at, surveys=[survey], mode="live",
            person=people.get(purchase.customer, Person(address="good")),
        )  # fmt: skip
        if verdict.reason == "invited":
            asked += 1
            known = Asked(at, False, "transactional", None, survey.id)
            people[purchase.customer] = Person(address="good", invited_at=at, asked=(known,))
    assert (len(purchases), asked) == (69_659, ASKED[days])
    assert count_asked(purchases, days) == asked
