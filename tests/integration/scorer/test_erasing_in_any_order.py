"""An erasure among all that the scorer hears of a customer: whatever comes first, the end is the same."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.asked_model import differing_counts
from support.erasing import erase_waiting, note_erased, places_of
from support.examples import examples
from support.http_clients import SECRET, context_on
from support.personal_events import NOW, event_about
from support.scorer_builders import ACME, DAY, add_tenant, an_answer, kept_counts, naive_counts

from services.scorer.app import SERVICE
from services.scorer.models import metadata
from shared.db.database import Database
from shared.events import ANSWERS, CASES, INVITATIONS, Answer, Case, Event, Invitation
from shared.privacy.persons import person_of
from shared.privacy.subjects import erase_event
from shared.secrets import customer_hash

KIM, CONTACT = "kim-4711", customer_hash(SECRET, ACME.id, "kim@example.com")
PERSON = person_of(SECRET, ACME.id, KIM)
WORDS = (KIM, "rang the bell", "left it outside")
HASHES_STAY_IN = ("erased", "outbox")
ORDER_DECIDES = {
    # The score before the last change that was heard, and when that was.
    "answer": {"was", "heard_at"},
    "case_copy": {"heard_at"},
    "erased": {"erased_at", "done_at"},
}
"""The columns in which two orders may differ."""
COUNTS = {
    *("day_count", "week_count", "segment", "dimension", "changed", "theme_change", "theme_count"),
    *("asked_change", "asked_count", "asked_hour"),
}
"""An amendment leaves zeros, segments and marks behind, which its newest version alone does not make."""
KEPT = {"tenant", "position", "retention_run"}
Rows = Mapping[str, Sequence[str]]


def of_kim(name: str, version: int, **facts: Any) -> Answer:
    own = {"customer_id": KIM, "person": PERSON, "contact_key": CONTACT}
    return an_answer(name, version=version, **{**own, **facts})


def erased(answer: Answer, version: int, **facts: Any) -> Answer:
    return replace(erase_event(answer), version=version, **facts)


CLICKED = of_kim("survey", 1, state="clicked", score=None, day=None)
SAVED = of_kim("survey", 2, state="saved", score=3, comment="Nobody rang the bell.")
SENT = of_kim("survey", 3, score=4, comment="They left it outside.", segments={"touchpoint": "delivery"})
IMPORTED = of_kim("import", 1, origin="import", score=2, comment="Nobody rang the bell.", contact_key=None)
OTHERS = an_answer("other", customer_id="c-18", person=person_of(SECRET, ACME.id, "c-18"), comment="Fine.")
ANSWERS_HEARD: dict[str, Answer] = {
    "click": CLICKED,
    "answer": SAVED,
    "amendment": SENT,
    "erased answer": erased(SENT, 4),
    "import": IMPORTED,
    # The company imports it once more, with another score: the collector knows that its customer is erased.
    "erased amendment of the import": erased(IMPORTED, 2, score=7),
    "second import": of_kim("second import", 1, origin="import", score=9, day=DAY - timedelta(days=3)),
    "test": of_kim("test", 1, test=True, score=0),
    "answer of another": OTHERS,
    "amendment of another": replace(OTHERS, version=2, score=8),
}
_INVITATION: Invitation = replace(event_about(INVITATIONS, KIM, ACME.id).data, state="sent", sent_at=NOW)
_CASE: Case = replace(event_about(CASES, KIM, ACME.id).data, answer_id=SENT.id)
EVENTS: dict[str, Event[Any]] = {
    **{name: ANSWERS.event(ACME.id, answer, NOW) for name, answer in ANSWERS_HEARD.items()},
    "invitation": INVITATIONS.event(ACME.id, _INVITATION, NOW),
    "erased invitation": INVITATIONS.event(ACME.id, replace(erase_event(_INVITATION), version=2), NOW),
    "case": CASES.event(ACME.id, _CASE, NOW),
    "closed case": CASES.event(ACME.id, replace(_CASE, version=2, state="closed", closed_at=NOW), NOW),
    "erased case": CASES.event(
        ACME.id, replace(erase_event(_CASE), version=3, state="closed", closed_at=NOW), NOW
    ),
}
NOTED, ERASED = "erasure", "erased"
STEPS = (*EVENTS, NOTED, ERASED)
"""All that can happen, in an order that has the erasure last."""


async def run(database: Database, steps: Sequence[Sequence[str]]) -> Rows:
    """Begin anew, take these steps, those of one topic together as one batch, and erase at the end."""
    async with database.transaction() as uow:
        for table in reversed(metadata.sorted_tables):
            if table.name not in KEPT:
                await uow.execute(f"DELETE FROM {table.name}")
    is_noted = False
    for batch in (*steps, (NOTED, ERASED)):
        await consume(database, [EVENTS[step] for step in batch if step in EVENTS])
        if NOTED in batch and not is_noted:  # else all would be erased once more, at the end at the latest
            is_noted = True
            await note_erased(database, ACME.id, KIM)
        if ERASED in batch:
            assert await erase_waiting(SERVICE, database) == []
    return await stored(database)


async def consume(database: Database, events: Sequence[Event[Any]]) -> None:
    """As the scorer is run: a batch of each topic, in the order of its keys."""
    for subscription in SERVICE.consumed(context_on(SERVICE, database)):
        batch = [event for event in events if event.type == subscription.topic.event_type]
        batch.sort(key=lambda event: (str(event.data.id), event.data.version))
        if batch:
            async with database.transaction() as uow:
                await subscription.handle(uow, batch)


async def stored(database: Database) -> Rows:
    """The rows of each table, without what may differ."""
    found = {}
    async with database.reading() as uow:
        for table in metadata.sorted_tables:
            if table.name not in KEPT | COUNTS:
                fixed = [c.name for c in table.columns if c.name not in ORDER_DECIDES.get(table.name, ())]
                rows = await uow.execute(f"SELECT {', '.join(fixed)} FROM {table.name}")
                found[table.name] = sorted(repr(tuple(row)) for row in rows)
    return found


async def judge(database: Database) -> None:
    """No word is left, and what is counted are the newest versions of all answers."""
    assert await places_of(database, WORDS) == set()
    assert await places_of(database, [PERSON, CONTACT], without=HASHES_STAY_IN) == set()
    assert await kept_counts(database) == naive_counts(list(ANSWERS_HEARD.values()))
    async with database.reading() as uow:
        assert await differing_counts(uow, ACME.id) == []
        weeks = await uow.execute(
            "SELECT sum(detractors), sum(passives), sum(promoters) FROM week_count WHERE segment = ''"
        )
        assert tuple(weeks.one()) == groups_of_all()


def groups_of_all() -> tuple[int, int, int]:
    """Detractors, passives and promoters, counted one by one."""
    total = [0] * 11
    for (_, segment, _), counts in naive_counts(list(ANSWERS_HEARD.values())).items():
        if segment == "":
            total = [one + more for one, more in zip(total, counts, strict=True)]
    return sum(total[:7]), sum(total[7:9]), sum(total[9:])


@pytest.fixture
async def canonical(database: Database) -> Rows:
    """What is stored after the order that has the erasure last."""
    await add_tenant(database)
    found = await run(database, [[step] for step in STEPS])
    await judge(database)
    assert sum(map(len, found.values())) > 6
    return found


@given(
    order=st.permutations(STEPS),
    again=st.lists(st.sampled_from(STEPS), max_size=12),
    size=st.integers(1, 4),
)
@settings(
    max_examples=examples(10),
    deadline=None,
    phases=[Phase.reuse, Phase.generate],  # to look for a shorter order takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_every_order_of_all_that_the_scorer_hears_of_a_customer_ends_alike(
    database: Database, canonical: Rows, order: Sequence[str], again: Sequence[str], size: int
) -> None:
    steps = [*order, *again]
    batches = [steps[first : first + size] for first in range(0, len(steps), size)]
    assert await run(database, batches) == canonical
    await judge(database)
