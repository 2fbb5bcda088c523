"""Erases a customer in all services at once, and reads everything that is left: tables, records, pages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.case_mails import an_answer_mail
from support.companies import Company, World, an_event
from support.erasing import places_of
from support.http_clients import ORIGIN, SECRET
from support.kernel_service import create_topics
from support.route_requests import every_route

from deploy.demo.form import survey_form
from services import SERVICES
from services.command import service
from services.dispatcher.invitations.repository import find_by_id
from services.dispatcher.invitations.states import move_invitation, read_invitation
from services.dispatcher.replies.receiving import take_received
from shared.clock import system_clock
from shared.db.database import UnitOfWork
from shared.events import TOPICS, TRANSACTIONS, Event
from shared.ids import uuid7
from shared.kafka.kernel.clients import new_producer, stop_producer
from shared.kafka.kernel.dead_letters import (
    dead_letter_key,
    dead_letter_topic,
    decode_headers,
    encode_headers,
)
from shared.mail.references import MailReference
from shared.privacy.persons import person_of
from shared.privacy.stripping import PERSONAL
from shared.secrets import customer_hash

ID = "kw-4711"
ADDRESS = "karen.lindqvist@example.net"
PHONE = "+4520304050"
WORDS = (ID, "karen", "lindqvist", "20304050", "sofa-kw", "split again", "rang twice", "kwnote", "kwimport")
"""The customer's id, address, name, number and product; what they wrote and what was written of them."""
Record = tuple[bytes, bytes | None]


def keyed_hashes(company: Company) -> tuple[str, str]:
    """The pseudonym of the customer, and the keyed hash of the address."""
    return person_of(SECRET, company.name, ID), customer_hash(SECRET, company.name, ADDRESS)


@dataclass
class TopicLog:
    """All records of all topics of a world, as a broker keeps them."""

    world: World
    topics: dict[str, list[Record]] = field(default_factory=dict)

    async def deliver_all(self) -> None:
        """Move what is in the outboxes to the topics, and to who consumes it, until all are empty."""
        while await self._relay():
            pass
        for context in self.world.contexts.values():
            await context.keys.refresh()

    async def _relay(self) -> int:
        relayed = 0
        for context in self.world.contexts.values():
            async with context.database.transaction() as uow:
                rows = (
                    await uow.execute("DELETE FROM outbox RETURNING seq, topic, key, value, headers")
                ).all()
            relayed += len(rows)
            for row in sorted(rows, key=lambda row: row.seq):
                value = None if row.value is None else bytes(row.value)
                self.append(row.topic, bytes(row.key), value)
                await self.consume(row.topic, value)
        return relayed

    def append(self, topic: str, key: bytes, value: bytes | None) -> None:
        self.topics.setdefault(topic, []).append((key, value))

    async def consume(self, topic: str, value: bytes | None) -> None:
        known = {each.name: each for each in TOPICS}
        if topic in known and value is not None:
            await self.world.deliver(known[topic].decode(value), topic)

    def compacted(self, topic: str) -> dict[bytes, bytes | None]:
        """What the broker keeps of each key."""
        return dict(self.topics[topic])

    def left(self) -> Iterator[tuple[str, bytes]]:
        """Key and value of every record after compaction, with the name of its topic."""
        for topic in self.topics:
            for key, value in self.compacted(topic).items():
                if value is not None:
                    yield topic, key + b" " + value

    def places_of(self, words: Sequence[str]) -> set[str]:
        """The topics in which one of the words is left after compaction."""
        return {
            topic
            for topic, record in self.left()
            if any(word in record.decode(errors="replace").lower() for word in words)
        }

    async def replay(self, topic: str, *, compacted: bool) -> None:
        """Let everybody consume this topic again from its oldest record."""
        records = list(self.compacted(topic).items()) if compacted else list(self.topics[topic])
        for _, value in records:
            await self.consume(topic, value)
        await self.deliver_all()


@dataclass
class Karen:
    """One customer of a company, of whom every service stores something."""

    log: TopicLog
    company: Company

    @property
    def world(self) -> World:
        return self.log.world

    async def buy(self, order: str) -> Event[Any]:
        """An event of theirs, decided; the event as it is on the topic."""
        customer = {"id": ID, "email": ADDRESS, "phone": PHONE, "name": "Karen Lindqvist"}
        bought = an_event(self.company.name, id=order, customer=customer, attributes={"product": "sofa-kw"})
        await self.world.post("trigger", self.company, "/v1/events", bought)
        (event,) = [
            one
            for one in await self.world.transactions()
            if (one.tenant, one.data.id) == (self.company.name, order)
        ]
        value = TRANSACTIONS.encode(event)
        self.log.append(TRANSACTIONS.name, TRANSACTIONS.record_key(event), value)
        await self.log.consume(TRANSACTIONS.name, value)
        await self.log.deliver_all()
        return event

    async def leave_traces(self) -> None:
        """Buy, be asked, answer, amend it, have a case with notes, and an import; each service fails once."""
        company, dispatcher = self.company, self.world.contexts["dispatcher"].database
        alerts, told = self.world.clients["alerts"], {"types": ["answer.changed", "decision.made"]}
        asked = await alerts.patch(f"/v1/webhooks/{company.webhook}", json=told, headers=company.headers)
        assert asked.status_code == 200, asked.text
        await self.log.deliver_all()
        event = await self.buy("order-of-17")
        company.event = event.data.event_id
        async with dispatcher.transaction() as uow:
            company.invitation = await _one(
                uow, "SELECT invitation_id FROM decision WHERE event_id = :id", id=company.event
            )
            waiting = read_invitation(_row(await find_by_id(uow, company.invitation)))
            assert await move_invitation(uow, company.name, waiting, "sent")
        await self.log.deliver_all()
        for score, comment in (("2", "The leg is split again."), ("3", "Nobody rang twice.")):
            await self._answer(score=score, comment=comment, may_contact="yes")
        async with self.world.contexts["alerts"].database.transaction() as uow:
            company.case = await _one(
                uow,
                "SELECT id FROM cases WHERE tenant = :tenant AND customer_id = :id",
                tenant=company.name,
                id=ID,
            )
        note = {"act": "note", "text": "kwnote: Karen Lindqvist called"}
        await self.world.post("alerts", company, f"/v1/cases/{company.case}/actions", note)
        reply_id = uuid7()
        reply = {"act": "reply", "id": str(reply_id), "subject": "sofa-kw", "text": "kwnote: Dear Karen"}
        await self.world.post("alerts", company, f"/v1/cases/{company.case}/actions", reply)
        await self.log.deliver_all()
        back = an_answer_mail("cases@example.com", "kwnote: it is split again")
        assert await take_received(dispatcher, back, MailReference(reply_id), "smtp") == "stored"
        imported = {
            "id": "old-17",
            "score": 9,
            "comment": "kwimport was early",
            "answered_at": "2026-10-01T12:00:00Z",
            "customer": ID,
        }
        await self.world.post("collector", company, "/v1/answers/import", {"answers": [imported]})
        await self.log.deliver_all()
        await self._fail()

    async def _answer(self, **typed: str) -> None:
        """Open the link as a browser does, and press Send."""
        client, path = self.world.clients["collector"], f"/s/{self.company.token('answer')}"
        form = survey_form((await client.get(f"{path}?change=1")).text, f"{ORIGIN}{path}")
        assert form is not None
        answered = await client.post(path, data={"action": "send", **form.values, "touched": "1", **typed})
        assert answered.status_code == 303, answered.text
        await self.log.deliver_all()

    async def _fail(self) -> None:
        """A dead letter of each topic that any service consumes, with what is on it of this customer."""
        bootstrap = self.world.contexts["trigger"].afterword.kafka
        failing = [
            (topic, name) for name in SERVICES for topic in service(name).consumes if topic.name in PERSONAL
        ]
        await create_topics(bootstrap, [dead_letter_topic(topic.name, name) for topic, name in failing])
        producer = new_producer(bootstrap, "test")
        await producer.start()
        try:
            for topic, name in failing:
                own, value = next(
                    (key, value)
                    for key, value in self.log.topics[topic.name]
                    if value is not None and ID.encode() in value
                )
                headers = decode_headers(encode_headers(topic.name, 0, 5, own, "bug", system_clock(), []))
                dead, key = dead_letter_topic(topic.name, name), dead_letter_key(topic.name, 0, 5)
                await producer.send_and_wait(dead, value, key, partition=0, headers=headers)
                self.log.append(dead, key, value)
        finally:
            await stop_producer(producer)

    async def erase(self, **changes: Any) -> str:
        """Ask for it; the id of the erasure."""
        body = {"customer_id": ID, "reason": "asked by letter", **changes}
        asked = await self.world.post(
            "dispatcher", self.company, "/v1/erasures", body, **{"Idempotency-Key": "erase"}
        )
        return str(asked["id"])

    async def erase_everywhere(self, erasure: str) -> None:
        """Let every service's loop erase until all have confirmed."""
        for _ in range(5):
            for name, context in self.world.contexts.items():
                if (data := service(name).personal_data) is not None:
                    await service(name).erasing(context, data).step()
            await self.log.deliver_all()
            if (await self.state(erasure))["state"] == "done":
                return
        raise AssertionError(await self.state(erasure))

    async def state(self, erasure: str) -> Mapping[str, Any]:
        client = self.world.clients["dispatcher"]
        found = await client.get(f"/v1/erasures/{erasure}", headers=self.company.headers)
        assert found.status_code == 200, found.text
        state: Mapping[str, Any] = found.json()
        return state

    async def tables(self, words: Sequence[str], *, without: Sequence[str] = ()) -> set[str]:
        """Every column of every table of every service in which one of the words is."""
        return {
            f"{name}.{place}"
            for name, context in self.world.contexts.items()
            for place in await places_of(context.database, words, without=without)
        }

    async def pages(self, words: Sequence[str]) -> set[str]:
        """Every page and API route that shows one of the words to an administrator or a program."""
        admin, found = self.company.people["admin"], set()
        for asked in every_route(self.world, self.company, self.company):
            if asked.method != "GET" or asked.is_stream:
                continue
            headers = self.company.headers if asked.takes_keys else admin.headers(page=True)
            answer = await asked.by(self.world, headers, None if asked.takes_keys else admin)
            assert answer.status_code < 500, asked.name
            text = (answer.text + repr(answer.headers)).lower()
            for sent in asked.request.may_repeat:
                text = text.replace(sent.lower(), "")
            if any(word in text for word in words):
                found.add(asked.name)
        return found

    async def counted(self) -> dict[str, Any]:
        """What the company reads about its answers, decisions and cases as numbers."""
        scores = await self._json("scorer", "/v1/scores")
        segments = await self._json("scorer", "/v1/segments")
        answers = await self._json("collector", "/v1/answers")
        shown = [(each["score"], each["state"], each["segments"]) for each in answers["answers"]]
        rows = {}
        for name, sql in COUNTS.items():
            async with self.world.contexts[name].database.reading() as uow:
                rows[name] = [tuple(row) for row in await uow.execute(sql, {"tenant": self.company.name})]
        return {"scores": scores, "segments": segments, "answers": sorted(shown, key=repr), **rows}

    async def _json(self, name: str, path: str) -> Any:
        answer = await self.world.clients[name].get(path, headers=self.company.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


COUNTS = {
    "dispatcher": """
        SELECT reason, count(*) FROM decision WHERE tenant = :tenant GROUP BY reason ORDER BY 1
    """,
    "collector": """
        SELECT score, day, state, count(*) FROM answer WHERE tenant = :tenant GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """,
    "scorer": """
        SELECT score, day, count(*) FROM answer WHERE tenant = :tenant GROUP BY 1, 2 ORDER BY 1, 2
    """,
    "alerts": """
        SELECT score, opened_at, count(*) FROM cases WHERE tenant = :tenant GROUP BY 1, 2 ORDER BY 1, 2
    """,
}


async def _one(uow: UnitOfWork, sql: str, **values: Any) -> Any:
    return (await uow.execute(sql, values)).scalar_one()


def _row(row: Any) -> Any:
    assert row is not None
    return row
