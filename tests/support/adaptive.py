"""A history of answers by which a survey with adaptive sampling computes its shares."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    consume,
    decide,
    relay_all,
    rows,
)
from support.http_clients import SECRET

from services.dispatcher.adaptive_sampling.computing import refresh_shares
from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.decisions.sampling import is_sampled, sampling_key
from services.dispatcher.story.handlers import keep_answers
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.events import ANSWERS, Answer, Transaction
from shared.events.surveys import AdaptiveSampling

STORES = AdaptiveSampling(dimension="store", margin=25, window_days=7)
ADAPTIVE: dict[str, Any] = {
    "adaptive_sampling": STORES,
    "delay_minutes": 0,
    "quarantine_days": 0,
    "first_day_per_hour": 0,
}
"""Of a survey that may ask the same customer again at once."""


def an_order(store: str, name: str, clock: Clock, n: int = 0) -> Transaction:
    """An event of a customer of a store, who has one name in all stores."""
    return a_transaction(
        f"{store}-{name}-{n}",
        a_customer(name),
        segments={"store": store},
        organisation=(),
        occurred_at=clock.now,
        accepted_at=clock.now,
    )


async def answered(database: Database, *given: tuple[str, int], clock: Clock, tenant: str = TENANT) -> None:
    """The mails about these events, by their own ids, are sent and answered."""
    await send_all(database)
    scores = dict(given)
    found = await rows(
        database,
        "SELECT source_id, event_id, invitation_id FROM decision "
        "WHERE tenant = :tenant AND source_id = ANY(:ids)",
        tenant=tenant,
        ids=list(scores),
    )
    answers = [
        Answer(
            id=row.invitation_id,
            version=1,
            state="sent",
            origin="survey",
            score=scores[row.source_id],
            event_id=row.event_id,
            answered_at=clock.now,
            changed_at=clock.now,
        )
        for row in found
    ]
    await consume(database, keep_answers, ANSWERS, *answers, tenant=tenant)


async def send_all(database: Database) -> None:
    """Whatever waits is sent."""
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE invitation SET state = 'sent', sent_at = changed_at WHERE state = 'waiting'"
        )
    await relay_all(database)


async def a_history(
    database: Database, clock: Clock, tenant: str = TENANT, *, aarhus: int = 300, odense: int = 20
) -> None:
    """A week of two stores: each customer answers, in Aarhus every second one is a detractor.

    One hour later the first day of the window is over, and the shares are due.
    """
    clock.on(minutes=10)
    orders = [an_order("aarhus", f"a-{n}", clock) for n in range(aarhus)]
    orders += [an_order("odense", f"o-{n}", clock) for n in range(odense)]
    await decide(database, *orders, tenant=tenant)
    given = [(order.id, 3 if n % 2 else 10) for n, order in enumerate(orders)]
    await answered(database, *given, clock=clock, tenant=tenant)
    clock.now += timedelta(days=7, minutes=-5)


async def compute(database: Database) -> dict[tuple[str, str], int]:
    """Compute the shares that are due; returns all, by company and segment."""
    await refresh_shares(database)
    found = await rows(database, "SELECT tenant, segment, percent FROM adaptive_share WHERE segment <> ''")
    return {(row.tenant, row.segment): row.percent for row in found}


def drawn(survey: StoredSurvey, name: str, percent: int, tenant: str = TENANT) -> bool:
    """Whether the survey's draw of so many percent has the customer."""
    contact = contact_key_of(SECRET, tenant, a_customer(name), frozenset())
    return is_sampled(sampling_key(SECRET), contact, survey.id, percent, survey.draft.draws_by)


def undrawn(survey: StoredSurvey, names: Iterable[str], percent: int) -> Sequence[str]:
    """Those of the customers whom a draw of so many percent does not have."""
    return [name for name in names if not drawn(survey, name, percent)]
