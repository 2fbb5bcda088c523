"""A database restored from an older backup: refused, recovered, and nothing is skipped, doubled or mailed again."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.alerts_builders import POLICY, a_tenant, an_answer
from support.dispatcher_builders import a_customer, a_transaction, go_live, keep_tenant, make_survey
from support.eventually import eventually
from support.restored_service import TENANT, RestoredService, data_on_topic, publish
from support.scorer_builders import an_answer as a_counted_answer
from support.scorer_builders import kept_counts, naive_counts
from support.stack import Mailbox, Postgres

from services.alerts.app import SERVICE as ALERTS
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.repository import cases, timeline
from services.alerts.staff import accounts
from services.collector.app import SERVICE as COLLECTOR
from services.collector.repository import answers
from services.dispatcher.app import SERVICE as DISPATCHER
from services.dispatcher.surveys import survey_commands
from services.dispatcher.surveys.domain import SurveyDraft
from services.scorer.app import SERVICE as SCORER
from services.trigger import tenants
from services.trigger.app import SERVICE as TRIGGER
from shared.db.database import Database
from shared.events import ANSWERS, CASES, INVITATIONS, SURVEYS, TENANTS, TRANSACTIONS, Answer
from shared.kafka.ops.recovery import RecoveryRefused
from shared.privacy.persons import NOBODY

Servers = tuple[Postgres, str, Mailbox]


@pytest.fixture
async def servers(postgres: Postgres, broker: str, mailbox: Mailbox) -> Servers:
    return postgres, broker, mailbox


async def begin(service: Any, servers: Servers) -> RestoredService:
    postgres, broker, mailbox = servers
    return await RestoredService.begin(service, postgres, broker, mailbox.smtp_url)


def names() -> tuple[str, ...]:
    """Customers whom no other test knows: the mailbox is one for all."""
    mark = uuid.uuid4().hex[:8]
    return tuple(f"{name}-{mark}" for name in ("early", "sent", "later", "told", "after"))


def bought(customer: str, **changes: Any) -> Any:
    now = datetime.now(UTC)
    return a_transaction(
        f"order-{customer}", a_customer(customer), occurred_at=now, accepted_at=now, **changes
    )


async def mailed(mailbox: Mailbox, *customers: str) -> dict[str, int]:
    return {customer: len(await mailbox.mails(to=f"{customer}@example.com")) for customer in customers}


async def test_a_restored_dispatcher_sends_no_mail_again_and_decides_no_event_twice(servers: Servers) -> None:
    life, (_, broker, mailbox) = await begin(DISPATCHER, servers), servers
    early, sent, later, told, after = names()
    async with life.database() as database:
        await keep_tenant(database)
        await make_survey(database, delay_minutes=0)
        await make_survey(database, delay_minutes=24 * 60, trigger="order.returned")
        await go_live(database)
    async with life.working():
        await publish(broker, TRANSACTIONS, bought(early))
        await eventually(lambda: mailbox.mails(to=f"{early}@example.com"), within=30)
        await life.caught_up()
    backup = await life.backup()
    async with life.working(sending=False):
        await publish(broker, TRANSACTIONS, bought(sent), bought(told), bought(later, type="order.returned"))
        await life.caught_up()
    # What became of these mails never leaves the outbox: on the topic they still wait.
    async with life.working(relay=False, consuming=False):
        await eventually(lambda: mailbox.mails(to=f"{told}@example.com"), within=30)
        await eventually(lambda: mailbox.mails(to=f"{sent}@example.com"), within=30)
    said = {invitation.id for invitation in await data_on_topic(broker, INVITATIONS)}
    await life.restore(backup)

    assert not await life.is_accepted()
    assert any("older" in line for line in await life.recover(yes=False))
    assert await life.rows("SELECT 1 FROM invitation WHERE state = 'unknown'") == []
    await life.recover()
    assert await life.is_accepted()
    async with life.working():
        await publish(broker, TRANSACTIONS, bought(after), bought(sent))
        await eventually(lambda: mailbox.mails(to=f"{after}@example.com"), within=30)
        await life.caught_up()

    assert await mailed(mailbox, early, sent, told, later, after) == {
        early: 1,
        sent: 1,
        told: 1,
        later: 0,
        after: 1,
    }
    stands = {
        row.customer_id: row.state for row in await life.rows("SELECT customer_id, state FROM invitation")
    }
    assert stands == {early: "sent", sent: "unknown", told: "unknown", later: "waiting", after: "sent"}
    decided = await life.rows("SELECT source, source_id, reason, difference FROM decision")
    assert Counter(row.source_id for row in decided) == {f"order-{name}": 1 for name in stands}
    assert {(row.source, row.reason, row.difference) for row in decided} == {("webshop", "invited", None)}
    invitations = await data_on_topic(broker, INVITATIONS)
    assert len({invitation.id for invitation in invitations} - said) == 1
    assert len({invitation.event_id for invitation in invitations}) == len(stands)
    assert (await life.recover())[-1].startswith("nothing to do")


async def test_a_restored_dispatcher_recovers_its_surveys_and_whether_it_was_live(servers: Servers) -> None:
    life, (_, broker, _) = await begin(DISPATCHER, servers), servers
    async with life.database() as database:
        await keep_tenant(database)
        old = await make_survey(database, delay_minutes=0)
    async with life.working():
        await life.caught_up()
    backup = await life.backup()
    async with life.database() as database:
        new = await make_survey(database, delay_minutes=45, quarantine_days=7, trigger="order.returned")
        async with database.transaction() as uow:
            draft = SurveyDraft(
                name="Changed", trigger="order.delivered", state="live", default_language="da"
            )
            await survey_commands.change_survey(uow, TENANT, old.id, draft)
        await go_live(database)
        async with database.reading() as uow:
            before = await survey_commands.list_surveys(uow, TENANT)
    async with life.working():
        await life.caught_up()
    versions = {(survey.id, survey.version) for survey in await data_on_topic(broker, SURVEYS)}
    await life.restore(backup)
    await life.recover()

    async with life.database() as database:
        async with database.reading() as uow:
            taken_back = await survey_commands.list_surveys(uow, TENANT)
        assert {one.id: (one.draft, one.version) for one in taken_back} == {
            one.id: (one.draft, one.version) for one in before
        }
        assert await life.rows("SELECT mode FROM sending") == [("live",)]
        async with database.transaction() as uow:
            draft = SurveyDraft(name="Once more", trigger="order.returned", state="live")
            changed = await survey_commands.change_survey(uow, TENANT, new.id, draft)
    assert (changed.id, changed.version) not in versions


async def accept(database: Database, *said: Answer) -> None:
    """As the collector's door does: the answer, its history and its event are one transaction."""
    of_nobody = [replace(answer, person=NOBODY) for answer in said]
    async with database.transaction() as uow:
        await answers.put_answers(uow, TENANT, of_nobody)
        for answer in of_nobody:
            uow.publish(ANSWERS, TENANT, answer)


async def test_a_restored_collector_recovers_every_answer_that_it_published(servers: Servers) -> None:
    life = await begin(COLLECTOR, servers)
    first, second = a_counted_answer("first", score=2), a_counted_answer("second", score=9)
    async with life.database() as database:
        await accept(database, first)
    async with life.working():
        await life.caught_up()
    backup = await life.backup()
    async with life.database() as database:
        await accept(database, second)
        for version, score in ((2, 5), (3, 10)):
            await accept(database, a_counted_answer("first", score=score, version=version))
    async with life.working():
        await life.caught_up()
    everything = "SELECT * FROM answer ORDER BY id"
    history = "SELECT answer_id, version, score FROM answer_history ORDER BY 1, 2"
    before = await life.rows(everything), await life.rows(history)
    await life.restore(backup)
    assert not await life.is_accepted()
    await life.recover()

    assert (await life.rows(everything), await life.rows(history)) == before
    assert len(before[1]) == 2
    assert await life.is_accepted()


async def test_a_restored_scorer_counts_lost_answers_once(servers: Servers) -> None:
    life, (_, broker, _) = await begin(SCORER, servers), servers
    early = [a_counted_answer(f"a{number}", score=number) for number in range(11)]
    late = [a_counted_answer(f"b{number}", score=number) for number in range(11)]
    amended = [a_counted_answer(f"a{number}", score=10 - number, version=2) for number in range(5)]
    await publish(broker, TENANTS, a_tenant(TENANT))
    await publish(broker, ANSWERS, *early)
    async with life.working():
        await life.caught_up()
    backup = await life.backup()
    await publish(broker, ANSWERS, *late, *amended)
    async with life.working():
        await life.caught_up()
    await life.restore(backup)
    assert (await life.recover())[-1].startswith("nothing to do")
    async with life.working():
        await life.caught_up()
    async with life.database() as database:
        assert await kept_counts(database, TENANT) == naive_counts([*early, *late, *amended])


async def test_a_restored_alerts_opens_no_case_twice_and_sends_no_notice_again(servers: Servers) -> None:
    life, (_, broker, mailbox) = await begin(ALERTS, servers), servers
    agent = f"agent-{names()[0]}@example.com"
    async with life.database() as database, database.transaction() as uow:
        person = await accounts.create_person(uow, TENANT, address=agent, name="Jonas Holt", role="agent")
    await publish(broker, TENANTS, a_tenant(TENANT))
    early, closed, again = an_answer(), an_answer(), an_answer()
    again_later = an_answer(customer_id=again.customer_id, changed_at=again.changed_at + timedelta(seconds=1))
    await publish(broker, ANSWERS, early)

    async def told(mails: int) -> bool:
        return sum("Case" in mail["subject"] for mail in await mailbox.mails(to=agent)) == mails

    async with life.working():
        await eventually(lambda: told(1), within=30)
        await life.caught_up()
    backup = await life.backup()
    await publish(broker, ANSWERS, closed)
    async with life.working():
        await eventually(lambda: told(2), within=30)
        await life.caught_up()
    await publish(broker, ANSWERS, again)
    async with life.working():
        await eventually(lambda: told(3), within=30)
        await life.caught_up()
    async with life.database() as database, database.transaction() as uow:
        for answer in (early, closed):
            (row,) = await uow.execute(
                "SELECT case_id FROM case_answer WHERE answer_id = :id", {"id": answer.id}
            )
            case = await cases.find_case(uow, TENANT, row.case_id, lock=True)
            assert case is not None
            entries: list[Any] = []
            case.take(entries, uow.now, Actor(person, "Jonas Holt"), None, POLICY)
            case.note(entries, uow.now, Actor(person, "Jonas Holt"), "Called twice.", None)
            await cases.update_cases(uow, [case])
            await timeline.add_entries(uow, entries)
            uow.publish(CASES, TENANT, case.published([case.answer_id]))
    await publish(broker, ANSWERS, again_later)
    async with life.working():
        await eventually(lambda: told(4), within=30)
        await life.caught_up()
    stands = "SELECT id, number, answer_id, state, owner_id, score FROM cases ORDER BY opened_at, id"
    belongs = "SELECT answer_id, case_id FROM case_answer ORDER BY 1"
    before = await life.rows(stands), await life.rows(belongs)
    said = Counter((case.id, case.version) for case in await data_on_topic(broker, CASES))
    await life.restore(backup)

    assert not await life.is_accepted()
    await life.recover()
    assert await life.is_accepted()
    async with life.working():
        await life.caught_up()
        await publish(broker, ANSWERS, an_answer())
        await eventually(lambda: told(5), within=30)
        await life.caught_up()

    assert (await life.rows(stands))[:3] == before[0]
    assert set(before[1]) < set(await life.rows(belongs))
    assert await told(5)
    now = await data_on_topic(broker, CASES)
    assert max(Counter((case.id, case.version) for case in now).values()) == max(said.values()) == 1
    assert len({case.id for case in now}) == 4
    kinds = await life.rows("SELECT kind, count(*) AS n FROM timeline WHERE kind = 'restored' GROUP BY 1")
    assert [tuple(row) for row in kinds] == [("restored", 3)]


async def test_a_restored_trigger_recovers_its_companies_and_their_keys(servers: Servers) -> None:
    life, (_, broker, _) = await begin(TRIGGER, servers), servers
    async with life.database() as database:
        await tenants.create_tenant(database, "acme", name="Acme")
        await tenants.create_key(database, "acme", ["events:write"], name="kept")
    async with life.working():
        await life.caught_up()
    backup = await life.backup()
    async with life.database() as database:
        revoked = await tenants.create_key(database, "acme", ["events:write"], name="revoked")
        await tenants.revoke_key(database, "acme", revoked)
        await tenants.create_tenant(database, "zenith", name="Zenith")
    async with life.working():
        await life.caught_up()
    before = await life.rows("SELECT * FROM tenant ORDER BY id")
    await life.restore(backup)
    assert not await life.is_accepted()
    await life.recover()
    assert await life.rows("SELECT * FROM tenant ORDER BY id") == before
    async with life.database() as database:
        await tenants.create_key(database, "acme", ["events:write"], name="after")
    async with life.working():
        await life.caught_up()
    versions = [tenant.version for tenant in await data_on_topic(broker, TENANTS) if tenant.id == "acme"]
    assert sorted(versions) == [1, 2, 3, 4, 5]


async def test_an_owner_publishes_again_after_its_topic_was_lost(servers: Servers) -> None:
    life, (_, broker, _) = await begin(COLLECTOR, servers), servers
    async with life.database() as database:
        await accept(database, *(a_counted_answer(f"a{number}") for number in range(700)))
    assert (await life.recover(yes=False, publish_again=True))[-1].startswith("nothing was changed")
    assert len(await life.rows("SELECT 1 FROM outbox")) == 700
    await life.recover(publish_again=True)
    async with life.working():
        await life.caught_up()
    said = Counter((answer.id, answer.version) for answer in await data_on_topic(broker, ANSWERS))
    assert len(said) == 700
    assert set(said.values()) == {2}


async def test_a_database_is_not_recovered_beside_its_api(servers: Servers) -> None:
    life = await begin(TRIGGER, servers)
    api = Database(life.url, name="trigger-api", pool_size=1)
    async with api.reading() as uow:
        await uow.execute("SELECT 1")
        with pytest.raises(RecoveryRefused, match="trigger-api"):
            await life.recover(restored=True)
        await life.recover()
    await api.close()
