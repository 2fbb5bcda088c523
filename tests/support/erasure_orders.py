"""The services of a world consume their topics each at a pace of its own, while a customer comes and is erased."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from support.audit import an_actor
from support.companies import NOTHING, SCOPES, Company, World, a_survey
from support.contact_rules import write_at_any_time
from support.erasure_world import ID, Karen, TopicLog
from support.http_clients import ORIGIN

from deploy.demo.form import survey_form
from services import SERVICES
from services.command import service
from services.dispatcher.invitations.repository import find_by_id
from services.dispatcher.invitations.states import move_invitation, read_invitation
from services.dispatcher.sending import sending_commands
from services.trigger import tenants
from shared.events import TOPICS
from shared.events.nps import SCALE

STEP_COUNT = 60
TWICE = 0.15
"""Share of the records that a service consumes twice."""
ACTS = 0.35
"""Share of the steps in which the customer or the company does something."""
ANSWERS_STORED = """
    SELECT id, version, score, day, state, event_id FROM answer WHERE tenant = :tenant ORDER BY id
"""
ANSWERS_COUNTED = "SELECT id, version, score, day FROM answer WHERE tenant = :tenant ORDER BY id"
ANSWERS_HEARD = "SELECT id, version, score FROM answer_heard WHERE tenant = :tenant ORDER BY id"
CASES_STORED = "SELECT id, version, state FROM cases WHERE tenant = :tenant ORDER BY id"
CASES_COPIED = "SELECT id, version, state FROM case_copy WHERE tenant = :tenant ORDER BY id"
CASES_HEARD = "SELECT id, version, state FROM case_heard WHERE tenant = :tenant ORDER BY id"
WAITING = "SELECT id FROM invitation WHERE tenant = :tenant AND state = 'waiting'"
DECISIONS = "SELECT source_id FROM decision WHERE tenant = :tenant ORDER BY 1"
DAYS = f"""
    SELECT day, {", ".join(f"c{score}" for score in SCALE)} FROM day_count
    WHERE tenant = :tenant AND segment = ''
"""


Act = Callable[[], Awaitable[bool]]
"""Something that happens; False: it is not possible yet."""
AN_IMPORT = {
    "id": "old-17",
    "score": 9,
    "comment": "kwimport was early",
    "answered_at": "2026-10-01T12:00:00Z",
    "customer": ID,
}


@dataclass
class UnevenLog(TopicLog):
    """All records of all topics; each service consumes them when it is its turn."""

    chance: Random = field(default_factory=Random)
    positions: dict[tuple[str, str], int] = field(default_factory=dict)
    """How many records of each topic each service has consumed."""

    async def consume(self, topic: str, value: bytes | None) -> None:
        """Nothing yet: the record waits on its topic."""

    def unread(self) -> list[tuple[str, str]]:
        """Services and topics of which they have records to consume."""
        return [
            (name, topic.name)
            for name in SERVICES
            for topic in service(name).consumes
            if self.positions.get((name, topic.name), 0) < len(self.topics.get(topic.name, ()))
        ]

    async def next(self, name: str, topic: str) -> None:
        """Let a service consume the next record of a topic, now and then twice."""
        position = self.positions.get((name, topic), 0)
        self.positions[name, topic] = position + 1
        _, value = self.topics[topic][position]
        if value is None:
            return
        (kind,) = [each for each in TOPICS if each.name == topic]
        context, event = self.world.contexts[name], kind.decode(value)
        (subscription,) = [each for each in service(name).consumed(context) if each.topic is kind]
        for _ in range(2 if self.chance.random() < TWICE else 1):
            async with context.database.transaction() as uow:
                await subscription.handle(uow, [event])
        await self.deliver_all()

    async def drain(self) -> None:
        """Until every service has consumed all."""
        await self.deliver_all()
        while unread := self.unread():
            await self.next(*self.chance.choice(unread))


async def a_bare_company(world: World, name: str) -> Company:
    """A company with a key and a live survey, known to every service."""
    company, trigger = Company(name), world.contexts["trigger"].database
    await tenants.create_tenant(trigger, name, name=name.title(), time_zone="Europe/Copenhagen")
    company.key = await tenants.create_key(trigger, name, SCOPES, name=f"{name}-shop")
    await TopicLog(world).deliver_all()
    survey = await world.post(
        "dispatcher", company, "/v1/surveys", a_survey(name), **{"Idempotency-Key": "1"}
    )
    company.survey = survey["id"]
    async with world.contexts["dispatcher"].database.transaction() as uow:
        await sending_commands.set_mode(uow, name, an_actor(f"{name} admin"), "live")
        await write_at_any_time(uow, name)
    await TopicLog(world).deliver_all()
    return company


@dataclass
class AnyOrder:
    """A customer who comes, answers, and is erased in whatever order."""

    karen: Karen
    log: UnevenLog
    erasure: str | None = None

    @classmethod
    async def begin(cls, world: World, name: str, chance: Random) -> "AnyOrder":
        company = await a_bare_company(world, name)
        log = UnevenLog(world, chance=chance)
        return cls(Karen(log, company), log)

    @property
    def company(self) -> Company:
        return self.karen.company

    @property
    def world(self) -> World:
        return self.karen.world

    async def run(self) -> None:
        """Take random steps, then finish: everything is consumed, and the customer is erased."""
        chance = self.log.chance
        chains = [self.of_customer(), self.of_company(), self.of_erasure()]
        erasure_begins = chance.randrange(STEP_COUNT)
        for number in range(STEP_COUNT):
            unread = self.log.unread()
            possible = [chain for chain in chains[: 3 if number >= erasure_begins else 2] if chain]
            if possible and (not unread or chance.random() < ACTS):
                await self.act(chance.choice(possible))
            elif unread:
                await self.log.next(*chance.choice(unread))
        chains.append([self.erase])
        for chain in chains:
            await self.log.drain()
            while chain:
                if not await self.act(chain):
                    chain.pop(0)
                await self.log.drain()
        for name in self.erasing_services():
            await self.erase_in(name)
        await self.log.drain()
        assert self.erasure is not None
        state = await self.karen.state(self.erasure)
        assert state["state"] == "done", state

    async def act(self, chain: list[Act]) -> bool:
        """Do what comes next in this chain, if it is possible by now."""
        done = await chain[0]()
        if done:
            chain.pop(0)
        await self.log.deliver_all()
        return done

    def of_customer(self) -> list[Act]:
        """One after the other, each when it is possible."""
        answers = [lambda s=s: self.answer(s, f"Split again. Rang twice, {s}.") for s in (2, 3)]
        return [lambda: self.buy("order-1"), self.send, *answers, self.note]

    def of_company(self) -> list[Act]:
        """Whatever comes of it."""
        return [self.bring_in, lambda: self.buy("order-2"), self.bring_in, self.unsubscribe]

    def of_erasure(self) -> list[Act]:
        """Each service erases when it is its turn, also before it knows of whom, and twice."""
        names = self.erasing_services() * 2
        self.log.chance.shuffle(names)
        return [self.erase, *[lambda name=name: self.erase_in(name) for name in names], self.erase]

    @staticmethod
    def erasing_services() -> list[str]:
        return [name for name in SERVICES if service(name).personal_data is not None]

    async def buy(self, order: str) -> bool:
        await self.karen.buy(order)
        return True

    async def send(self) -> bool:
        """What waits is mailed, unless the customer is to be erased: then the sender drops it."""
        if self.erasure is not None:
            return True
        async with self.world.contexts["dispatcher"].database.transaction() as uow:
            for (id_,) in (await uow.execute(WAITING, {"tenant": self.company.name})).all():
                row: Any = await find_by_id(uow, id_)
                assert await move_invitation(uow, self.company.name, read_invitation(row), "sent")
                self.company.invitation = id_
        return self.company.invitation != NOTHING

    async def answer(self, score: int, comment: str) -> bool:
        """Send the form, if the collector knows the link."""
        client, path = self.world.clients["collector"], f"/s/{self.company.token('answer')}"
        form = survey_form((await client.get(f"{path}?change=1")).text, f"{ORIGIN}{path}")
        if form is not None:
            typed = {"score": str(score), "comment": comment, "may_contact": "yes"}
            answered = await client.post(
                path, data={"action": "send", **form.values, "touched": "1", **typed}
            )
            assert answered.status_code == 303, answered.text
        return form is not None

    async def note(self) -> bool:
        """Write something about the case, if it is open."""
        cases = await self._rows("alerts", CASES_STORED)
        for case in cases:
            if case.state != "closed":
                body = {"act": "note", "text": "kwnote: Karen Lindqvist called"}
                await self.world.post("alerts", self.company, f"/v1/cases/{case.id}/actions", body)
        return bool(cases)

    async def bring_in(self) -> bool:
        """Import an answer."""
        await self.world.post("collector", self.company, "/v1/answers/import", {"answers": [AN_IMPORT]})
        return True

    async def unsubscribe(self) -> bool:
        """By the link of the mail, if there is one."""
        if self.company.invitation == NOTHING:
            return False
        await self.world.clients["dispatcher"].post(f"/u/{self.company.token('unsubscribe')}")
        return True

    async def erase(self) -> bool:
        """Ask for it; nothing comes of it as long as the dispatcher does not know the customer."""
        asked = await self.world.clients["dispatcher"].post(
            "/v1/erasures", json={"customer_id": ID}, headers=self.company.headers
        )
        assert asked.status_code in {200, 202, 404}, asked.text
        if asked.status_code == 404:
            return False
        self.erasure = str(asked.json()["id"])
        return True

    async def erase_in(self, name: str) -> bool:
        """Let a service erase whom it knows of."""
        data = service(name).personal_data
        assert data is not None
        await service(name).erasing(self.world.contexts[name], data).step()
        return True

    async def counted(self) -> "Counted":
        """What the services have, each its own and what it has heard of others."""
        answers = await self._rows("collector", ANSWERS_STORED)
        naive = Counter((row.day, row.score) for row in answers if row.state != "clicked")
        days = Counter((row.day, score) for row in await self._rows("scorer", DAYS) for score in _scores(row))
        return Counted(
            answers=[
                [tuple(row[:3]) for row in answers if row.event_id is not None],
                [tuple(row) for row in await self._rows("dispatcher", ANSWERS_HEARD)],
            ],
            scores=[
                [tuple(row[:4]) for row in answers if row.state != "clicked"],
                [tuple(row) for row in await self._rows("scorer", ANSWERS_COUNTED) if row.score is not None],
            ],
            days=[naive, days],
            cases=[
                [tuple(row) for row in await self._rows("alerts", CASES_STORED)],
                [tuple(row) for row in await self._rows("scorer", CASES_COPIED)],
                [tuple(row) for row in await self._rows("dispatcher", CASES_HEARD)],
            ],
            orders=[row.source_id for row in await self._rows("dispatcher", DECISIONS)],
        )

    async def _rows(self, name: str, sql: str) -> list[Any]:
        async with self.world.contexts[name].database.reading() as uow:
            return list(await uow.execute(sql, {"tenant": self.company.name}))


class Counted(NamedTuple):
    """The same things as the service that owns them has them, and then each service that has heard of them."""

    answers: list[Any]
    scores: list[Any]
    days: list[Any]
    """A naive count of the answers, and the scorer's."""
    cases: list[Any]
    orders: list[str]
    """Those that are decided."""


def _scores(row: Any) -> list[int]:
    """Each score of a day as often as it is counted."""
    return [score for score in SCALE for _ in range(row[score + 1])]
