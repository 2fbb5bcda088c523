"""From the collector's answers to the scorer's audit, through Kafka: equal, short of a loss, and equal again."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import typer
from msgspec.structs import replace
from support.eventually import eventually
from support.http_clients import environment_of
from support.kernel_service import create_topics, running
from support.lent_databases import LentDatabases
from support.scorer_builders import ACME, DAY, an_answer
from typer.testing import CliRunner

from services.collector.command import add_to
from services.collector.recovery import restore_answers
from services.collector.republishing import republish
from services.collector.suspicion import published
from services.collector.totals import repository as totals
from services.collector.totals.domain import ROUND, CountedTotal
from services.collector.totals.rounds import TotalsRounds
from services.scorer.auditing.handlers import keep_totals
from services.scorer.auditing.recounting import Audit, audit_company
from services.scorer.auditing.repository import read_offsets
from services.scorer.handlers import count_answers
from shared.db.database import Database, UnitOfWork
from shared.events import ANSWER_TOTALS, ANSWERS, TENANTS, Answer
from shared.health import Health
from shared.kafka.kernel import BatchConsumer, Relay, Subscription
from shared.kafka.kernel.dead_letters import dead_letter_topic
from shared.tenancy import keep_tenants

TOPICS = (ANSWERS, ANSWER_TOTALS)


@dataclass
class Both:
    """The two databases, and the broker between them."""

    collector: Database
    scorer: Database
    kafka: str
    tenant: str
    """Another one for each test: the broker keeps the records of those before."""

    async def take(self, *answers: Answer) -> None:
        """The collector takes answers."""
        async with self.collector.transaction() as uow:
            await restore_answers(uow, [ANSWERS.event(self.tenant, each, uow.now) for each in answers])
            for each in answers:
                uow.publish(ANSWERS, self.tenant, published(each))

    async def round(self) -> int | None:
        rounds = TotalsRounds(self.collector, self.kafka, Health("collector"))
        return await rounds.run_round(drain_timeout_s=30)

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """The relay of the collector and the consumers of the scorer run."""
        consumers = [
            BatchConsumer(self.scorer, "scorer", subscription, self.kafka, Health())
            for subscription in (
                Subscription(ANSWERS, count_answers),
                Subscription(ANSWER_TOTALS, keep_totals),
            )
        ]
        async with running(Relay(self.collector, "collector", self.kafka, Health()), *consumers):
            yield

    async def arrived(self, number: int | None) -> bool:
        """Whether the scorer has the round with this number, and all answers before it."""
        async with self.scorer.reading() as uow:
            found = await uow.execute(
                "SELECT version, body FROM collector_total WHERE tenant = :tenant AND name = 'round'",
                {"tenant": self.tenant},
            )
            row = found.one_or_none()
            read = await read_offsets(uow)
        if row is None or row.version != number:
            return False
        async with self.collector.reading() as uow:
            last = (await totals.published_totals(uow, self.tenant))[ROUND].total
        return len(read) == len(last.since) and all(
            mine >= theirs for mine, theirs in zip(read, last.since, strict=True)
        )

    async def run_round(self) -> int | None:
        """A round that has arrived."""
        number = await self.round()
        await eventually(lambda: self.arrived(number), within=30)
        return number

    async def audit(self) -> Audit:
        return await audit_company(self.scorer, self.tenant, DAY)


@pytest.fixture
async def both(databases_to_lend: LentDatabases, kafka: str) -> AsyncIterator[Both]:
    dead = [dead_letter_topic(topic.name, "scorer") for topic in TOPICS]
    await create_topics(kafka, [*(topic.name for topic in TOPICS), *dead], 2)
    async with databases_to_lend.lend("collector") as collector, databases_to_lend.lend("scorer") as scorer:
        tenant = replace(ACME, id=f"acme-{secrets.token_hex(4)}")
        async with collector.transaction() as uow:
            await keep_tenants(uow, [TENANTS.event(tenant.id, tenant, uow.now)])
        yield Both(collector, scorer, kafka, tenant.id)


async def test_the_totals_are_equal_short_of_a_loss_and_equal_again_when_all_is_published_again(
    both: Both,
) -> None:
    plain = [an_answer(f"p{n}", score=n % 11, day=DAY - timedelta(days=n % 3)) for n in range(30)]
    hidden = [an_answer(f"n{n}", score=n, anonymous=True, measurement="relational") for n in range(3)]
    never = [
        an_answer("test", test=True),
        an_answer("beyond", beyond_draw=True),
        an_answer("link", origin="link"),
        an_answer("again", measurement="recovery"),
        an_answer("machine", signs=("fast",)),
        an_answer("typing", anonymous=True, state="saved"),
        an_answer("click", state="clicked", score=None, day=None, answered_at=None),
    ]
    judged = [an_answer("person", signs=("fast",), judgement="human", score=0)]
    await both.take(*plain, *hidden, *never[:5], never[6], *judged)
    async with both.collector.transaction() as uow:  # it is not published before it is sent
        await restore_answers(uow, [ANSWERS.event(both.tenant, never[5], uow.now)])
    async with both.delivering():
        await both.run_round()
        found = await both.audit()
        assert (found.result.totals, found.result.totals_differing, found.result.totals_waiting) == (4, 0, 0)

        # Amended, new, and judged a machine's: the next round publishes three of the four totals again.
        await both.take(
            replace(plain[0], version=2, score=5),
            an_answer("late", day=DAY - timedelta(days=1)),
            replace(judged[0], version=2, judgement="machine"),
        )
        number = await both.run_round()
        assert (await both.audit()).result.is_equal
        async with both.collector.reading() as uow:
            versions = {
                name: each.total.version
                for name, each in (await totals.published_totals(uow, both.tenant)).items()
            }
        assert {name for name, version in versions.items() if version == number} == {
            "round", f"transactional/{DAY}", f"transactional/{DAY - timedelta(days=1)}"
        }  # fmt: skip

        await both.run_round()  # one before which nothing was on its way

        # An answer and its counts are lost alike: a recount of the scorer alone sees nothing.
        async with both.scorer.transaction() as uow:
            own = {"tenant": both.tenant, "day": plain[1].day}
            await uow.execute("DELETE FROM answer WHERE id = :id", {"id": plain[1].id})
            await uow.execute("UPDATE day_count SET c1 = c1 - 1 WHERE tenant = :tenant AND day = :day", own)
            await uow.execute("DELETE FROM waiting_answer WHERE id = :id", {"id": hidden[0].id})
        found = await both.audit()
        assert found.result.counts_differing == 0
        lost = f"transactional/{plain[1].day}"
        assert found.totals.differing == ["relational/anonymous", lost]

        assert await republish(both.collector, DAY + timedelta(days=2)) == 0
        first = await republish(both.collector, DAY, per_page=4)
        everything = await republish(both.collector, DAY - timedelta(days=9), tenant=both.tenant, per_page=4)
        assert everything > first > 0
        assert await republish(both.collector, DAY - timedelta(days=9), tenant="other") == 0

        async def mended() -> bool:
            return (await both.audit()).result.is_equal

        await eventually(mended, within=30)
        async with both.scorer.reading() as uow:
            kept = await uow.execute(
                "SELECT count(*) FROM answer WHERE score IS NOT NULL AND tenant = :tenant",
                {"tenant": both.tenant},
            )
            assert kept.scalar_one() == 31


async def test_an_empty_scorer_fills_again(both: Both) -> None:
    await both.take(*(an_answer(f"a{n}", score=n % 11) for n in range(20)))
    async with both.delivering():
        await both.run_round()
        await both.run_round()
        async with both.scorer.transaction() as uow:
            for table in ("answer", "day_count", "week_count", "segment", "dimension", "changed"):
                await uow.execute(f"DELETE FROM {table}")
        assert (await both.audit()).totals.differing == [f"transactional/{DAY}"]
        assert await republish(both.collector, DAY - timedelta(days=9)) == 20

        async def filled() -> bool:
            return (await both.audit()).result.is_equal

        await eventually(filled, within=30)


async def test_a_round_does_not_end_before_what_it_counts_is_published_and_is_run_again(both: Both) -> None:
    await both.take(an_answer())
    rounds = TotalsRounds(both.collector, both.kafka, Health("collector"))
    assert await rounds.run_round(drain_timeout_s=0.3) is None
    async with both.collector.reading() as uow:
        assert await totals.published_totals(uow, both.tenant) == {}
    async with both.delivering():
        number = await rounds.run_round(drain_timeout_s=30)
        assert number is not None
        await eventually(lambda: both.arrived(number), within=30)


async def test_of_several_workers_one_runs_a_round_and_the_next_one_is_a_day_later(both: Both) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    both.collector.clock = lambda: now
    day = timedelta(days=1)
    async with both.collector.transaction() as uow:
        first = await totals.claim_round(uow, day, timedelta(minutes=30))
    async with both.collector.transaction() as uow:
        assert first == int(now.timestamp())
        assert await totals.claim_round(uow, day, timedelta(minutes=30)) is None
        await totals.finish_round(uow, first)
        assert await totals.claim_round(uow, day, timedelta(minutes=30)) is None
    both.collector.clock = lambda: now + day
    async with both.collector.transaction() as uow:
        second = await totals.claim_round(uow, day, timedelta(minutes=30))
        assert second == int((now + day).timestamp())
    both.collector.clock = lambda: now + day + timedelta(minutes=31)  # its worker has died
    async with both.collector.transaction() as uow:
        third = await totals.claim_round(uow, day, timedelta(minutes=30))
        assert third is not None
        assert third > second


async def test_a_company_whose_answers_cannot_be_counted_keeps_no_other_from_the_round(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(ACME, id=f"broken-{secrets.token_hex(4)}")
    async with both.collector.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event(other.id, other, uow.now)])
    await both.take(an_answer())
    count = totals.count_answers

    async def counts(uow: UnitOfWork, tenant: str) -> list[CountedTotal]:
        if tenant == other.id:
            raise ZeroDivisionError
        return await count(uow, tenant)

    monkeypatch.setattr(totals, "count_answers", counts)
    async with both.delivering():
        await both.run_round()
        assert (await both.audit()).result.totals == 1


async def test_the_command_publishes_a_companys_answers_of_a_day_and_later_again(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLLECTOR_DATABASE_URL", both.collector.url)
    app = typer.Typer()
    add_to(app, lambda: None)
    await both.take(an_answer("a"), an_answer("b", day=DAY - timedelta(days=5)))

    async def run(*words: str) -> tuple[int, str]:
        given = ["answers", "republish", *words]
        found = await asyncio.to_thread(CliRunner().invoke, app, given)
        return found.exit_code, found.output

    for since, count in ((DAY, 1), (DAY - timedelta(days=9), 2)):
        code, said = await run("--since", str(since), "--tenant", both.tenant)
        assert (code, said.split()[0]) == (0, str(count))
    assert (await run("--since", "yesterday"))[0] == 2
