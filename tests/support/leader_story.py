"""A company in which one touchpoint of one store falls in one week for one theme, and all that stands around it."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from support.invitations import an_answer_to, an_invitation, invite
from support.scorer_builders import add_tenant, count
from support.scorer_client import a_tenant
from support.themes import match_all

from services.scorer.handlers import keep_cases
from shared.db.database import Database
from shared.events import CASES, Case

NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)
TODAY = date(2026, 11, 29)
DAYS = 60
STORES = ("Odense", "Aarhus", "Esbjerg", "Aalborg")
TOUCHPOINTS = ("home delivery", "checkout", "returns")
PER_DAY = 10
"""Answers of each store and touchpoint on a day."""
FALLEN_STORE, FALLEN_TOUCHPOINT = "Odense", "home delivery"
FALLEN_WEEK = (date(2026, 11, 9), date(2026, 11, 15))
"""From Monday to Sunday."""
USUAL = ((10, "Friendly staff."), (9, ""), (8, ""), (9, "Good prices."), (7, ""), (10, ""), (3, "Rude staff."),
         (8, ""), (9, ""), (7, "It took too many clicks on the website."))  # fmt: skip
LATE = ((1, "The parcel came three days late."), (2, "Late again, nobody told us."), (0, "Delivery was late."),
        (4, ""), (3, "Still waiting: the delivery is late."))  # fmt: skip


def place_of(store: str) -> tuple[str, ...]:
    """The organisation's path of a store."""
    return (store,)


async def open_the_company(database: Database) -> None:
    """Sixty days of invitations, each second one answered, with comments; some cases, closed with causes."""
    database.clock = lambda: NOW
    # Before the invitations: the day of each is one of the company's zone.
    await add_tenant(database, a_tenant("acme"))
    asked, answers = [], []
    for days in range(DAYS):
        day = TODAY - timedelta(days=days)
        for store in STORES:
            for touchpoint in TOUCHPOINTS:
                fell = (
                    store == FALLEN_STORE
                    and touchpoint == FALLEN_TOUCHPOINT
                    and FALLEN_WEEK[0] <= day <= FALLEN_WEEK[1]
                )
                for number in range(PER_DAY):
                    name = f"{day} {store} {touchpoint} {number}"
                    said = LATE if fell else USUAL
                    score, comment = said[(number + days) % len(said)]
                    at = datetime(day.year, day.month, day.day, 6 + number % 3, tzinfo=UTC)
                    invitation = an_invitation(
                        name,
                        sent_at=at - timedelta(days=1),
                        channel="sms" if number % 5 == 0 else "mail",
                        touchpoint=touchpoint,
                        segments={"touchpoint": touchpoint},
                        organisation=place_of(store),
                    )
                    asked.append(invitation)
                    answers.append(
                        an_answer_to(
                            invitation,
                            name,
                            score=score,
                            comment=comment or None,
                            language="en",
                            answered_at=at,
                            changed_at=at,
                        )
                    )
                    if number % (2 if store != "Aalborg" else 1) == 0:
                        asked.append(
                            an_invitation(
                                f"silent {name}",
                                sent_at=at - timedelta(days=1),
                                channel="mail",
                                touchpoint=touchpoint,
                                segments={"touchpoint": touchpoint},
                                organisation=place_of(store),
                            )
                        )
    for first in range(0, len(asked), 2_000):
        await invite(database, *asked[first : first + 2_000])
    for first in range(0, len(answers), 2_000):
        await count(database, *answers[first : first + 2_000])
    await match_all(database)
    unhappy = [each for each in answers if (each.score or 0) <= 4][:24]
    cases = [
        Case(
            id=UUID(int=1000 + number),
            number=2000 + number,
            version=1,
            state="closed" if number > 3 else "open",
            answer_id=each.id,
            score=each.score or 0,
            touchpoint=each.touchpoint,
            segments=each.segments,
            organisation=each.organisation,
            opened_at=NOW - timedelta(days=number % 9 + 1),
            due_at=NOW + timedelta(hours=3) - timedelta(hours=5 * (number % 2)),
            closed_at=NOW - timedelta(hours=1 if number % 6 == 1 else 30) if number > 3 else None,
            cause=("delivery.late" if number % 3 else "people.attitude") if number > 3 else None,
            owner="Sara Lund" if number % 2 else None,
        )
        for number, each in enumerate(unhappy)
    ]
    async with database.transaction() as uow:
        await keep_cases(uow, [CASES.event("acme", case, uow.now) for case in cases])
