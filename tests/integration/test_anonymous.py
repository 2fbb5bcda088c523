"""A customer answers an anonymous survey, and every table of every service and every record is searched: nothing
leads from the answer to the customer, and the customer cannot answer twice.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from support.companies import Company, World, an_event
from support.exports import export
from support.http_clients import SECRET
from support.stored_texts import texts_in

from services.collector.repository.anonymous import forget_claims
from services.command import service
from services.dispatcher.invitations.repository import find_by_id
from services.dispatcher.invitations.states import move_invitation, read_invitation
from services.scorer import handlers
from services.scorer.counting_anonymous import AnonymousCounter
from shared.events import TRANSACTIONS
from shared.health import Health
from shared.link_tokens import LinkSigner
from shared.privacy.export_records import TookPartRecord

COMMENT = "pterodactyl"
"""A word that only the answer has."""
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d.*")


@dataclass
class Searched:
    """Everything that is stored or was published, each as a place and its texts."""

    found: list[tuple[str, frozenset[str]]] = field(default_factory=list)

    def with_any(self, wanted: Sequence[str]) -> list[tuple[str, frozenset[str]]]:
        """What holds one of these texts, or a text that contains one."""
        return [
            (place, texts)
            for place, texts in self.found
            if any(word in text for text in texts for word in wanted)
        ]


@dataclass
class Town:
    """A company with an anonymous survey."""

    world: World
    company: Company
    records: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    async def deliver_all(self) -> None:
        """Deliver what is in the outboxes, and keep what goes by."""
        any_left = True
        while any_left:
            any_left = False
            for context in self.world.contexts.values():
                async with context.database.reading() as uow:
                    rows = (await uow.execute("SELECT topic, key, value FROM outbox")).all()
                self.records += [(row.topic, bytes(row.key), bytes(row.value or b"")) for row in rows]
                any_left |= await self.world._deliver_from(context)

    async def invite(self, customer: str) -> tuple[UUID, UUID]:
        """Ask a customer: the event, and the invitation."""
        name = self.company.name
        event = an_event(
            name,
            id=f"{customer}-order",
            type="parcel.lost",
            customer={"id": customer, "email": f"{customer}@{name}.example", "name": f"{customer} Quill"},
        )
        await self.world.post("trigger", self.company, "/v1/events", event)
        (sent,) = [one for one in await self.world.transactions() if one.data.id == f"{customer}-order"]
        await self.world.deliver(sent, TRANSACTIONS.name)
        self.records.append((TRANSACTIONS.name, TRANSACTIONS.record_key(sent), TRANSACTIONS.encode(sent)))
        async with self.world.contexts["dispatcher"].database.transaction() as uow:
            found = await uow.execute(
                "SELECT invitation_id FROM decision WHERE tenant = :tenant AND event_id = :event",
                {"tenant": name, "event": sent.data.event_id},
            )
            invitation: UUID = found.scalar_one()
            row = await find_by_id(uow, invitation)
            assert row is not None
            assert await move_invitation(uow, name, read_invitation(row), "sent")
        await self.deliver_all()
        return sent.data.event_id, invitation

    async def answer(self, invitation: UUID, **fields: str) -> int:
        """Open the customer's page and post its form; the status of the response."""
        path = f"/s/{LinkSigner(SECRET).sign('anonymous', invitation)}"
        page = (await self.world.clients["collector"].get(path)).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        if not hidden:
            return 0
        form = {**hidden, "touched": "1", "action": "send", **fields}
        status = (await self.world.clients["collector"].post(path, data=form)).status_code
        await self.deliver_all()
        return status

    async def search(self) -> Searched:
        """All rows and records of the company."""
        searched = Searched()
        for name, context in self.world.contexts.items():
            async with context.database.reading() as uow:
                for table in service(name).metadata.sorted_tables:
                    for row in await uow.execute(f"SELECT * FROM {table.name}"):
                        texts = frozenset(texts_in(dict(row._mapping)))
                        searched.found.append((f"{name}.{table.name}", texts))
        for topic, key, value in self.records:
            searched.found.append((topic, frozenset([*texts_in(value), key.decode()])))
        return searched


@pytest.fixture
async def town(world: World) -> Town:
    name = f"hazel{datetime.now(UTC):%H%M%S%f}"
    company = await world.create_company(name)
    survey = {
        "name": "Lost parcels", "trigger": "parcel.lost", "state": "live", "delay_minutes": 0, "anonymous": True
    }  # fmt: skip
    town = Town(world, company)
    await world.post("dispatcher", company, "/v1/surveys", survey)
    await town.deliver_all()
    return town


async def test_nothing_anywhere_joins_the_answer_and_the_customer(town: Town) -> None:
    event, invitation = await town.invite("ottilie")
    await asyncio.sleep(1.1)  # so that a second tells the one from the other
    assert await town.answer(invitation, score="2", comment=COMMENT) == 303
    searched = await town.search()
    of_answers = searched.with_any([COMMENT])
    assert {place for place, _ in of_answers} == {
        "collector.answer", "answers.v1", "alerts.answer", "scorer.waiting_answer"
    }  # fmt: skip
    (answer,) = {
        row for place, texts in of_answers if place == "collector.answer" for row in texts if is_random(row)
    }
    persons = await customers_hashes(town, invitation)
    of_customer = searched.with_any(["ottilie", str(invitation), str(event), *persons])
    of_answer = searched.with_any([COMMENT, answer])
    assert {"dispatcher.invitation", "dispatcher.decision", "invitations.v1", "collector.answered_link"} <= {
        place for place, _ in of_customer
    }
    assert {"cases.v1", "alerts.cases", "alerts.case_answer", "scorer.case_copy"} <= {
        place for place, _ in of_answer
    }
    both = [place for place, texts in of_answer if (place, texts) in of_customer]
    assert both == []
    # Nor do two of them have a time in common, to the second; days they have.
    assert times(of_answer) & times(of_customer) == set()
    assert "intent" not in {place.partition(".")[2] for place, _ in of_customer}


async def customers_hashes(town: Town, invitation: UUID) -> list[str]:
    """The pseudonym of the invitation's customer, and the keyed hash of the address."""
    async with town.world.contexts["dispatcher"].database.reading() as uow:
        row = await find_by_id(uow, invitation)
    assert row is not None
    stored = read_invitation(row)
    assert stored.anonymous
    assert stored.person
    assert stored.contact_key
    return [stored.person, stored.contact_key]


def is_random(text: str) -> bool:
    """Whether a text is a random id, which tells no time."""
    return (
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", text) is not None
    )


def times(found: Sequence[tuple[str, frozenset[str]]]) -> set[str]:
    """The times that are more than days, to the second."""
    every = {text[:19].replace(" ", "T") for _, texts in found for text in texts if TIME.fullmatch(text)}
    return {time for time in every if not time.endswith(":00:00")}


async def test_an_export_says_that_the_customer_took_part_once_nobody_can_see_when(town: Town) -> None:
    _, invitation = await town.invite("ortrud")
    assert await town.answer(invitation, score="2", comment=COMMENT) == 303
    kept = await export(town.world, town.company, "/v1/customers/ortrud/export")
    assert not [each for each in kept.sections if each.kind == "took_part" and each.records]
    async with town.world.contexts["collector"].database.transaction() as uow:
        await forget_claims(uow, datetime.now(UTC).date() + timedelta(days=2))
    kept = await export(town.world, town.company, "/v1/customers/ortrud/export")
    (part,) = [record for each in kept.sections if each.kind == "took_part" for record in each.records]
    assert part == TookPartRecord(at=None, obtained_from="customer", invitation=invitation)
    assert COMMENT not in repr(kept)


async def test_a_customer_cannot_answer_twice(town: Town) -> None:
    _, invitation = await town.invite("casimir")
    assert await town.answer(invitation, score="9") == 303
    assert await town.answer(invitation, score="0") == 0
    async with town.world.contexts["collector"].database.reading() as uow:
        scores = await uow.execute(
            "SELECT score FROM answer WHERE tenant = :tenant AND anonymous", {"tenant": town.company.name}
        )
        assert scores.scalars().all() == [9]


async def test_who_asks_to_be_contacted_has_a_case_with_their_name(town: Town) -> None:
    event, invitation = await town.invite("leopold")
    assert await town.answer(invitation, score="1", comment=COMMENT, may_contact="yes") == 303
    places = {place for place, _ in (await town.search()).with_any([str(invitation)])}
    assert {
        "collector.answer",
        "answers.v1",
        "dispatcher.answer_heard",
        "cases.v1",
        "scorer.answer",
    } <= places
    headers = town.company.people["admin"].headers(page=True)
    page = (await town.world.clients["dispatcher"].get(f"/events/{event}", headers=headers)).text
    assert "See the case" in page
    assert "The customer answered 1 and sent it." in page


async def test_what_five_say_is_counted_and_then_seen_by_whoever_reads_scores(town: Town) -> None:
    scorer = town.world.contexts["scorer"]
    counter = AnonymousCounter(scorer.database, Health("scorer"), handlers.count)
    segment = {"segment": f"touchpoint:{town.company.name}-checkout"}

    async def counted() -> int:
        await counter.step()
        path = "/v1/scores"
        found = await town.world.clients["scorer"].get(path, params=segment, headers=town.company.headers)
        return int(found.json()["n"])

    before = await counted()
    seen = []
    for number in range(5):
        _, invitation = await town.invite(f"number{number}")
        await town.answer(invitation, score=str(number + 4))
        seen.append(await counted() - before)
    assert seen == [0, 0, 0, 0, 5]
