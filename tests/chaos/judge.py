"""The judge compares the sender's book with each database, each topic and the mailbox, without the handlers' code."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import msgspec
from chaos import topics
from chaos.audited import audit
from chaos.company import Company
from chaos.ledger import Book
from chaos.load import address_of
from chaos.stack import CONSUMING_SERVICES, Stack
from chaos.topics import Offsets

from shared.events.nps import SCALE

OVERDUE_DEADLINES = """
    SELECT kind, about_id FROM clock WHERE tenant = $1 AND due_at < now() - interval '30 seconds'
"""
DIFFERING_DEADLINES = """
    SELECT q.about_id, w.answer_id
    FROM (SELECT about_id, due_at FROM clock WHERE tenant = $1 AND kind = 'quiet') q
    FULL JOIN (
        SELECT answer_id, writing_until FROM case_answer WHERE tenant = $1 AND writing_until IS NOT NULL
    ) w ON w.answer_id = q.about_id
    WHERE q.due_at IS DISTINCT FROM w.writing_until
"""
INVITED = """
    SELECT event_id, id FROM invitation i WHERE tenant = $1 AND NOT EXISTS (
        SELECT FROM decision d
        WHERE d.tenant = i.tenant AND d.event_id = i.event_id AND d.source LIKE 'afterword/%'
    )
"""
"""The invitations of events that a client sent: those of waves and programmes are judged apart."""
REMINDER = "Reminder: "
"""How the subject of a reminder begins, in the language of the example survey."""
COMPARED_TOPICS = ("answers.v1", "invitations.v1", "cases.v1")


@dataclass
class Findings:
    """One scenario's line in the table, and what is wrong in words."""

    accepted: int = 0
    decisions: int = 0
    invitations: int = 0
    mails: int = 0
    unknown: int = 0
    answers: int = 0
    counted: int = 0
    cases: int = 0
    dead_letters: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    published_again: int = 0
    """Records that are on a topic more than once: allowed, since readers drop them by version."""
    faults: list[str] = field(default_factory=list)

    def lose(self, what: str, which: Iterable[object]) -> None:
        self.lost += self._tell("lost", what, which)

    def double(self, what: str, which: Iterable[object]) -> None:
        self.doubled += self._tell("doubled", what, which)

    def reorder(self, what: str, which: Iterable[object]) -> None:
        self.reordered += self._tell("reordered", what, which)

    def wrong(self, what: str, which: Iterable[object]) -> None:
        """Note a fault that is neither a loss nor a double."""
        self._tell("wrong", what, which)

    def _tell(self, kind: str, what: str, which: Iterable[object]) -> int:
        found = sorted(str(one) for one in which)
        if found:
            self.faults.append(f"{kind}: {len(found)} {what}, such as {', '.join(found[:3])}")
        return len(found)


@dataclass
class Judge:
    """Judges one tenant's scenario, whose topics began at ``since``."""

    stack: Stack
    company: Company
    book: Book
    since: Offsets
    dead_letters: int = 0
    """How many were injected; exactly so many must be there."""
    erased: Collection[int] = ()
    """Customers whose addresses and ids no database may know."""
    found: Findings = field(default_factory=Findings)

    @property
    def tenant(self) -> str:
        return self.company.tenant

    async def judge(self) -> Findings:
        await self._copies()
        await self._events()
        await self._mails()
        await self._answers()
        await self._cases()
        await self._deadlines()
        await self._topics()
        return self.found

    async def _rows(self, service: str, sql: str) -> list[tuple[Any, ...]]:
        database = await self.stack.database(service)
        try:
            return [tuple(row) for row in await database.fetch(sql, self.tenant)]
        finally:
            await database.close()

    async def _copies(self) -> None:
        """Every service has the newest version of the tenant, its survey, and how its mail is sent."""
        for owner, sql in (
            ("trigger", "SELECT version FROM tenant WHERE id = $1"),
            ("dispatcher", "SELECT id, max(version) FROM survey WHERE tenant = $1 GROUP BY id ORDER BY id"),
        ):
            owned = await self._rows(owner, sql)
            for service in set(CONSUMING_SERVICES) - {owner}:
                if await self._rows(service, sql) != owned:
                    self.found.wrong(f"replicas of what {owner} owns", [service])
        sending = await self._rows(
            "dispatcher", "SELECT version, mode, stopped FROM sending WHERE tenant = $1"
        )
        for service in ("scorer", "alerts"):
            sql = "SELECT version, mode, stopped FROM sending_copy WHERE tenant = $1"
            if await self._rows(service, sql) != sending:
                self.found.wrong("replicas of how mail is sent", [service])

    async def _events(self) -> None:
        found, book = self.found, self.book
        decided: Counter[str] = Counter()
        invited = set()
        for id_, reason, invitation in await self._rows(
            "dispatcher",
            "SELECT source_id, reason, invitation_id FROM decision WHERE tenant = $1 AND NOT source LIKE 'afterword/%'",
        ):
            decided[str(id_)] += 1
            if invitation is not None:
                invited.add(invitation)
            if (reason == "invited") != (int(str(id_).partition("-")[2]) % 20 == 0):
                found.wrong("decisions", [f"{id_} {reason}"])
        found.accepted, found.decisions = len(book.accepted), decided.total()
        found.lose("accepted events without a decision", book.accepted - set(decided))
        found.double("events with two decisions", [id_ for id_, n in decided.items() if n > 1])
        found.wrong("decisions on events that were never sent", set(decided) - book.tried)
        rows = await self._rows("dispatcher", INVITED)
        events = Counter(event for event, _ in rows)
        found.invitations = len(rows)
        found.double("events with two invitations", [event for event, n in events.items() if n > 1])
        found.lose("decisions without their invitation", invited - {id_ for _, id_ in rows})

    async def _mails(self) -> None:
        """The mailbox's files agree with the states of the dispatcher's invitations."""
        found = self.found
        mailed: Counter[str] = Counter()
        reminded: Counter[str] = Counter()
        for file in (self.stack.state.root / "mail").glob("*.json"):
            mail = json.loads(file.read_bytes())
            if f".{self.tenant}@" in mail["to"]:
                (reminded if mail["subject"].startswith(REMINDER) else mailed)[mail["to"]] += 1
        found.mails = mailed.total()
        erased = {address_of(self.tenant, number) for number in self.erased}
        found.double("customers with two mails", [to for to, n in mailed.items() if n > 1])
        rows = await self._rows(
            "dispatcher",
            "SELECT i.state, d.state, convert_from(body, 'UTF8')::jsonb->'customer'->>'email', "
            "convert_from(body, 'UTF8')::jsonb->'customer'->>'id' FROM invitation i "
            "LEFT JOIN delivery d ON d.tenant = i.tenant AND d.about_id = i.id AND d.n = 1 WHERE i.tenant = $1",
        )
        found.wrong(
            "invitations whose delivery has another state",
            [f"{to}: {state}, {delivery}" for state, delivery, to, _ in rows if state != delivery],
        )
        states = {str(to): str(state) for state, _, to, _ in rows if to is not None}
        if (nameless := sum(to is None for _, _, to, _ in rows)) != len(erased):
            found.wrong("invitations without an address", [f"{nameless} for {len(erased)} erased customers"])
        expected = {"refuse": "failed", "defer": "waiting", "drop": "unknown", "slow": "unknown"}
        for to, state in states.items():
            if state != expected.get(to.partition("-")[0], "sent") and state != "unknown":
                found.wrong("invitations at their end", [f"{state} {to}"])
        found.unknown = sum(state == "unknown" for state in states.values())
        await self._shown(
            [
                str(customer)
                for state, _, _, customer in rows
                if state == "unknown" and str(customer).startswith("c-")
            ][:3]
        )
        found.lose(
            "mails that were sent",
            [to for to, state in states.items() if state == "sent" and not mailed[to]],
        )
        found.wrong(
            "mails that should not exist",
            [to for to in mailed if states.get(to) not in {"sent", "unknown"} and to not in erased],
        )

        await self._reminders(mailed, reminded)

    async def _reminders(self, mailed: Counter[str], reminded: Counter[str]) -> None:
        """Each reminder left at most once, behind a first mail; none moved its invitation."""
        found = self.found
        rows = await self._rows(
            "dispatcher",
            "SELECT d.n, d.state, i.state, convert_from(i.body, 'UTF8')::jsonb->'customer'->>'email' "
            "FROM delivery d JOIN invitation i ON i.tenant = d.tenant AND i.id = d.about_id "
            "WHERE d.tenant = $1 AND d.kind = 'reminder'",
        )
        found.wrong(
            "reminders of an invitation that was not sent",
            [f"{to} {n}" for n, _, invitation, to in rows if invitation != "sent"],
        )
        sent = Counter(str(to) for _, state, _, to in rows if state == "sent")
        perhaps = sent + Counter(str(to) for _, state, _, to in rows if state == "unknown")
        found.lose("reminders that were sent", (sent - reminded).elements())
        found.double("reminders", (reminded - perhaps).elements())
        found.wrong("reminders without a first mail", [to for to in reminded if not mailed[to]])

    async def _shown(self, customers: Iterable[str]) -> None:
        """The API shows these customers' mails as unknown."""
        async with httpx.AsyncClient(headers=self.company.headers, trust_env=False) as client:
            for customer in customers:
                page = await client.get(
                    f"{self.stack.origin_of('dispatcher')}/v1/decisions",
                    params={"event_id": customer.replace("c-", "e-")},
                )
                shown = [one["invitation"]["state"] for one in page.json().get("decisions", ())]
                if shown != ["unknown"]:
                    self.found.wrong(
                        "unknown mails that are shown as something else", [f"{customer}: {shown}"]
                    )

    async def _answers(self) -> None:
        found = self.found
        taken = {id_: answer for id_, answer in self.book.answers.items() if answer.acknowledged}
        found.answers = len(taken)
        found.wrong("answers that were never accepted", self.book.answers.keys() - taken.keys())
        rows = await self._rows(
            "scorer", "SELECT id, score FROM answer WHERE tenant = $1 AND score IS NOT NULL"
        )
        counted = {UUID(str(id_)): score for id_, score in rows}
        found.counted = len(rows)
        found.lose("answers that never counted", set(taken) - set(counted))
        found.wrong("answers that nobody gave", set(counted) - set(self.book.answers))
        found.lose(
            "last words",
            [id_ for id_, answer in taken.items() if id_ in counted and counted[id_] not in answer.last],
        )
        stored: dict[UUID, int] = dict(
            await self._rows(
                "collector", "SELECT id, score FROM answer WHERE tenant = $1 AND score IS NOT NULL"
            )
        )
        found.wrong(
            "answers that differ between scorer and collector", set(stored.items()) ^ set(counted.items())
        )
        await self._counts({id_: int(str(score)) for id_, score in counted.items()})

    async def _counts(self, counted: dict[UUID, int]) -> None:
        """The counts by score: of the company, of each touchpoint, and of both levels of the organisation."""
        expected: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for id_, score in counted.items():
            answer = self.book.answers.get(id_)
            for segment in ("", "organisation:north", "organisation:north/sales"):
                expected[segment][score] += 1
            if answer is not None:
                expected[f"touchpoint:{answer.touchpoint}"][score] += 1
        columns = ", ".join(f"sum(c{score})::int" for score in SCALE)
        rows = await self._rows(
            "scorer", f"SELECT segment, {columns} FROM day_count WHERE tenant = $1 GROUP BY 1"
        )
        kept = {str(segment): Counter({s: n for s, n in enumerate(counts) if n}) for segment, *counts in rows}
        for segment in sorted(expected.keys() | kept.keys()):
            wanted, kept_counts = expected[segment], kept.get(segment, Counter())
            more = sum(max(kept_counts[score] - wanted[score], 0) for score in SCALE)
            less = sum(max(wanted[score] - kept_counts[score], 0) for score in SCALE)
            if more:
                self.found.double(f"counts in {segment or 'the company'}", [f"{more} too many"])
            if less:
                self.found.lose(f"counts in {segment or 'the company'}", [f"{less} too few"])
        audited = await audit(self.stack, self.tenant)
        differing = audited.differing
        self.found.wrong(
            "counts that differ from a recount",
            [*differing.days, *differing.weeks, *audited.noted.asked, *audited.noted.themes],
        )
        self.found.lose("answers by the totals of days", audited.totals.differing)
        if audited.totals.waiting and counted:
            self.found.wrong("totals of the collector", ["they did not arrive"])

    async def _cases(self) -> None:
        found = self.found
        rows = await self._rows("alerts", "SELECT answer_id, id FROM cases WHERE tenant = $1")
        opened = Counter(UUID(str(answer)) for answer, _ in rows)
        found.cases = len(rows)
        found.double("answers with two cases", [id_ for id_, n in opened.items() if n > 1])
        must = {id_ for id_, answer in self.book.answers.items() if answer.opens_a_case}
        must_not = {id_ for id_, answer in self.book.answers.items() if answer.opens_a_case is False}
        found.lose("detractors' answers without a case", must - set(opened))
        found.wrong("cases of other answers", set(opened) & must_not)
        consumed = await self._rows("dispatcher", "SELECT id FROM case_heard WHERE tenant = $1")
        found.lose(
            "cases that the dispatcher has not consumed",
            {id_ for _, id_ in rows} - {id_ for (id_,) in consumed},
        )

    async def _deadlines(self) -> None:
        """What was due has happened, and the deadlines are as the version before stores them."""
        overdue = await self._rows("alerts", OVERDUE_DEADLINES)
        self.found.lose("deadlines that have not fired", overdue)
        differing = await self._rows("alerts", DIFFERING_DEADLINES)
        self.found.wrong("deadlines that differ from the answers' column", differing)

    async def _topics(self) -> None:
        """Each version in a database was published, and for the first time never after a later one."""
        found = self.found
        bootstrap = self.stack.kafka
        published: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        by_event: defaultdict[str, set[str]] = defaultdict(set)
        for record in await topics.records(bootstrap, COMPARED_TOPICS, self.since):
            try:
                thing = topics.decode(record.value or b"")
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue  # poison: the dead letters are counted below
            if thing.tenant == self.tenant:
                published[record.topic][thing.data.id].append(thing.data.version)
                if record.topic == "invitations.v1" and thing.data.event_id:
                    by_event[thing.data.event_id].add(thing.data.id)
        found.double(
            "events with two invitations on the topic",
            [event for event, ids in by_event.items() if len(ids) > 1],
        )
        for topic, service, table in (
            ("answers.v1", "collector", "answer"),
            ("invitations.v1", "dispatcher", "invitation"),
            ("cases.v1", "alerts", "cases"),
        ):
            never = []
            for id_, version in await self._rows(
                service, f"SELECT id, version FROM {table} WHERE tenant = $1"
            ):
                versions = published[topic][str(id_)]
                missing = {int(str(version))} if table == "cases" else set(range(1, int(str(version)) + 1))
                never += [f"{id_} {n}" for n in missing - set(versions)]
            found.lose(f"versions never published on {topic}", never)
            late = []
            for id_, versions in published[topic].items():
                firsts = list(dict.fromkeys(versions))
                found.published_again += len(versions) - len(firsts)
                late += [f"{id_} {n}" for at, n in enumerate(firsts) if at and n < max(firsts[:at])]
            found.reorder(f"versions on {topic} that came first after later ones", late)
        dead = {
            (
                record.topic,
                *(value for name, value in record.headers if name.endswith(("topic", "partition", "offset"))),
            )
            for record in await topics.records(bootstrap, topics.DEAD_LETTER_TOPICS, self.since)
            if "afterword-topic" in dict(record.headers)  # else a tombstone
        }
        found.dead_letters = len(dead)
        if len(dead) != self.dead_letters:
            found.faults.append(f"wrong: {len(dead)} dead letters, not {self.dead_letters}")
