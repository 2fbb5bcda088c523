"""What is older than its company keeps it goes, in every service, and nothing that is counted changes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from support.asked_model import differing_counts
from support.companies import Company, World, an_answer, an_event
from support.http_clients import SECRET
from support.route_requests import of_company

from services.collector.repository.intents import put_intent
from services.collector.visits import Intent
from services.command import service
from services.scorer.repository.waiting import keep_waiting
from shared.events import ANSWERS, TRANSACTIONS, Answer, Event, RetentionRules
from shared.events.retention import MAX_RETENTION_DAYS, MIN_AUDIT_DAYS, RETENTION_KINDS, RetentionKind
from shared.health import Health
from shared.privacy.persons import person_of
from shared.privacy.retention_loop import RetentionRun
from shared.privacy.subjects import NO_DIGEST

KEEPING = ("dispatcher", "collector", "scorer", "alerts")
LINK_AND_A_DAY = 31
"""What the company's data about contacts is older for: the link of its mail ends after thirty days."""


@pytest.fixture(autouse=True)
def now(world: World) -> Iterator[None]:
    """Sets the clocks of all services right again."""
    clocks = {name: context.database.clock for name, context in world.contexts.items()}
    yield
    for name, context in world.contexts.items():
        context.database.clock = clocks[name]


@pytest.fixture(autouse=True, scope="module")
async def lines_of_any_age(world: World) -> None:
    """Lines of the log may be deleted whatever the database's own clock says, which does not move with ours."""
    async with world.contexts["dispatcher"].database.transaction() as uow:
        await uow.execute("ALTER TABLE audit_line DISABLE TRIGGER refuse_audit_change")


@pytest.fixture(scope="module")
async def delivered(world: World) -> AsyncIterator[list[tuple[str, Event[Any]]]]:
    """Every event that was delivered since, with its topic."""
    found: list[tuple[str, Event[Any]]] = []
    deliver = World.deliver

    async def note(self: World, event: Event[Any], topic: str) -> None:
        found.append((topic, event))
        await deliver(self, event, topic)

    World.deliver = note  # type: ignore[method-assign]
    yield found
    World.deliver = deliver  # type: ignore[method-assign]


def later(world: World, days: float) -> datetime:
    """Let so many days pass at all services."""
    then = datetime.now(UTC) + timedelta(days=days)
    for context in world.contexts.values():
        context.database.clock = lambda: then
    return then


async def a_company(world: World, name: str) -> Company:
    """A company with visits, an answer that was amended, and a case that is closed, with notes and a request."""
    company = await world.create_company(name)
    link = f"/s/{company.token('answer')}"
    visits = Intent(datetime.now(UTC), datetime.now(UTC), 2, 3, {"3": 1.0}, None)
    async with world.contexts["collector"].database.transaction() as uow:
        await put_intent(uow, name, company.invitation, visits)
    amended = an_answer(company, 3) | {"comment": f"{name} was late again"}
    assert (await world.clients["collector"].post(link, data=amended)).status_code == 303
    await world.deliver_all()
    for sender in ("dispatcher", "alerts"):
        async with world.contexts[sender].database.transaction() as uow:
            await uow.execute("UPDATE delivery SET state = 'sent' WHERE tenant = :name", {"name": name})
    case = await world.clients["alerts"].get(f"/v1/cases/{company.case}", headers=company.headers)
    close: dict[str, Any] = {
        "act": "close",
        "cause": "delivery.late",
        "action": f"{name} paid",
        "outcome": "recovered",
    }
    close |= {"told": True, "version": case.json()["version"]}
    await world.post(
        "alerts", company, f"/v1/cases/{company.case}/actions", close, **{"Idempotency-Key": str(uuid4())}
    )
    await world.deliver_all()
    return company


async def set_rules(world: World, company: Company, **days: int) -> None:
    """Keep each kind for ever, but those that are named."""
    rules = dict.fromkeys(RETENTION_KINDS, MAX_RETENTION_DAYS) | days
    answer = await world.clients["dispatcher"].put("/v1/retention", json=rules, headers=company.headers)
    assert answer.status_code == 200, answer.text
    await world.deliver_all()


async def try_rules(world: World, company: Company, **days: int) -> dict[str, Any]:
    rules = dict.fromkeys(RETENTION_KINDS, MAX_RETENTION_DAYS) | days
    answer = await world.clients["dispatcher"].post(
        "/v1/retention/dry-runs", json=rules, headers=company.headers
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def a_night(world: World, company: Company | None = None, *, rows_per_batch: int = 50) -> None:
    """Let the loop of each service do its work, for all companies or one."""
    for name in KEEPING:
        context = world.contexts[name]
        run = RetentionRun(
            name, service(name).retention, context.database, Health(), asyncio.Event(), rows_per_batch
        )
        now = context.database.clock()
        assert await (run.remove_all() if company is None else run.remove_of(company.name, now))


def changed(before: Any, after: Any) -> dict[str, int]:
    """How many rows of each table are not there any more, or not as they were."""
    found = {
        table: sum((Counter(map(repr, before[table])) - Counter(map(repr, after[table]))).values())
        for table in before
    }
    return {table: number for table, number in found.items() if number}


OLD_AFTER: dict[RetentionKind, int] = {
    kind: getattr(RetentionRules(), kind) + LINK_AND_A_DAY for kind in RETENTION_KINDS
}


async def test_what_no_company_of_the_walk_has_goes_with_its_kind(world: World) -> None:
    """Who asked for an erasure, a link of an anonymous survey, and words that wait to be counted."""
    name = (company := await world.create_company("maple")).name
    stored = {
        "dispatcher": "SELECT reason FROM erasure WHERE tenant = :name",
        "collector": "SELECT day FROM answered_link WHERE tenant = :name",
        "scorer": "SELECT convert_from(body, 'UTF8') FROM waiting_answer WHERE tenant = :name",
    }
    async with world.contexts["collector"].database.transaction() as uow:
        await uow.execute(
            "INSERT INTO answered_link (tenant, invitation_id) VALUES (:name, :id)",
            {"name": name, "id": company.invitation},
        )
    waiting = Answer(
        id=uuid4(), version=1, state="sent", origin="survey", anonymous=True, score=2, day=datetime.now(UTC).date(),
        comment="maple said so", answered_at=datetime.now(UTC), changed_at=datetime.now(UTC),
    )  # fmt: skip
    async with world.contexts["scorer"].database.transaction() as uow:
        await keep_waiting(uow, [ANSWERS.event(name, waiting, datetime.now(UTC))])

    async def left() -> dict[str, list[Any]]:
        found = {}
        for service_name, sql in stored.items():
            async with world.contexts[service_name].database.reading() as uow:
                found[service_name] = list((await uow.execute(sql, {"name": name})).scalars())
        return found

    before = await left()
    assert all(len(rows) == 1 for rows in before.values()), before
    await set_rules(world, company, audit=MIN_AUDIT_DAYS, contacts=30, comments=30)
    later(world, 10)
    await a_night(world)
    assert await left() == before
    later(world, MIN_AUDIT_DAYS + LINK_AND_A_DAY)
    await a_night(world)
    after = await left()
    assert (after["dispatcher"], after["collector"]) == ([], [])
    (kept,) = after["scorer"]
    assert "maple said so" not in kept
    assert msgspec.json.decode(kept)["score"] == 2


@pytest.mark.parametrize("kind", RETENTION_KINDS)
async def test_what_is_old_goes_as_the_dry_run_says_and_what_is_young_stays(
    world: World, birch: Company, delivered: list[tuple[str, Event[Any]]], kind: RetentionKind
) -> None:
    company = await a_company(world, f"old{kind}")
    days = getattr(RetentionRules(), kind)
    await set_rules(world, company, **{kind: days})
    await set_rules(world, birch)
    later(world, days - 1)
    assert (await try_rules(world, company, **{kind: days}))["kinds"][kind] <= IMPORTED.get(kind, 0)
    later(world, OLD_AFTER[kind])
    said = await try_rules(world, company, **{kind: days})
    everything = await world.rows()
    before, scores = of_company(everything, company), await counts(world, company)
    await a_night(world, rows_per_batch=2)
    after = of_company(await world.rows(), company)
    assert sum(said["kinds"].values()) == said["kinds"][kind] > 0
    assert changed(before, after) == {
        f"{name}.{table}": number
        for name, tables in said["services"].items()
        for table, number in tables.get(kind, {}).items()
    }
    assert await counts(world, company) == scores
    assert of_company(await world.rows(), birch) == of_company(everything, birch)
    # The second night finds nothing, and neither does who asks before.
    assert not any((await try_rules(world, company, **{kind: days}))["kinds"].values())
    await a_night(world)
    assert of_company(await world.rows(), company) == after
    # Decisions and lines of the log are deleted: no topic keeps their events for so long.
    if kind not in {"decisions", "audit"}:
        await replay(world, company, delivered)
        assert of_company(await world.rows(), company) == after


IMPORTED = {"contacts": 7, "comments": 4}
"""Rows about the answer that was imported, some weeks older than the company, and messages that told of it."""


async def replay(world: World, company: Company, delivered: list[tuple[str, Event[Any]]]) -> None:
    """Deliver again all that was ever published of a company."""
    events = [(topic, event) for topic, event in delivered if event.tenant == company.name]
    assert len({topic for topic, _ in events}) > 6
    for topic, event in events:
        if topic != "tenants.v1":
            await world.deliver(event, topic)


async def counts(world: World, company: Company) -> Any:
    """What is counted, once it was compared with the answers."""
    async with world.contexts["scorer"].database.reading() as uow:
        assert await differing_counts(uow, company.name) == []
        rows = await uow.execute("SELECT * FROM day_count WHERE tenant = :tenant", {"tenant": company.name})
        return sorted(tuple(row) for row in rows)


@pytest.mark.parametrize("decisions", [400, MAX_RETENTION_DAYS])
async def test_of_old_contacts_and_comments_no_word_is_left_in_any_table(
    world: World, decisions: int
) -> None:
    name = f"wordless{decisions}"
    company = await a_company(world, name)
    (event,) = [each for each in await world.transactions() if each.data.event_id == company.event]
    await set_rules(world, company, contacts=730, comments=730, decisions=decisions)
    later(world, 730 + LINK_AND_A_DAY)
    await a_night(world, company)
    kept = of_company(await world.rows(), company)
    texts = {table: repr(rows) + "".join(text_of(row) for row in rows) for table, rows in kept.items()}
    person = person_of(SECRET, name, f"{name}-customer")
    customer = (f"{name}-customer", f"customer@{name}", "Whitfield", "+4512345678", f"{name} table", person)
    written = (f"{name} was late", f"{name} called back", f"{name} was early")
    # The story of an event has the event's id, while there is one.
    joined = (event.data.id, event.data.digest, *([str(company.event)] if decisions == 400 else []))
    found = [
        (table, word)
        for table, text in texts.items()
        for word in (*customer, *written, *joined)
        if word in text and table not in {"dispatcher.outbox", "alerts.outbox", "collector.outbox"}
    ]
    assert [each for each in found if each not in {(table, person) for table in OF_EXPORTS}] == []


OF_EXPORTS = ("dispatcher.audit_line", "dispatcher.export_link")
"""The log has pseudonyms for as long as ``audit`` says; links to exports go by a loop of their own."""


def text_of(row: tuple[Any, ...]) -> str:
    return "".join(bytes(value).decode(errors="replace") for value in row if isinstance(value, bytes))


async def test_nothing_of_a_case_under_way_is_removed(world: World) -> None:
    company = await world.create_company("underway")
    rules = {"contacts": 15, "comments": 15, "cases": 15}
    await set_rules(world, company, **rules)
    later(world, 2_000)
    before = of_company(await world.rows(), company)
    await a_night(world, company)
    after = of_company(await world.rows(), company)
    found = {table: n for table, n in changed(before, after).items() if table.startswith("alerts.")}
    # Only the answer that was imported belongs to no case; what was told of it goes by the days of messages, that
    # a case was counted for an incident matters for minutes, and what a team promised and whom it asks for an
    # introduction is of no case.
    gone = {"alerts.answer": 1, "alerts.webhook_delivery": 2, "alerts.incident_case": 1, "alerts.promise": 1}
    gone |= {"alerts.introduction": 1, "alerts.introduction_step": 1}
    assert found == gone
    admin = company.people["admin"]
    page = await world.clients["alerts"].get(f"/cases/{company.case}", headers=admin.headers(page=True))
    assert "underway was late" in page.text
    assert "underway Whitfield" in page.text


@pytest.mark.parametrize("closed", [True, False])
async def test_whoever_a_service_still_keeps_can_be_found_by_their_names(world: World, closed: bool) -> None:
    """On each side of every day on which a rule of one of the services removes somebody."""
    name = f"found{closed:d}"
    company = await a_company(world, name) if closed else await world.create_company(name)
    await import_answers(world, company, "twice", 29, 0)
    await import_answers(world, company, "open", 29)
    await set_rules(world, company, contacts=40, decisions=59, audit=MAX_RETENTION_DAYS)
    customers = {
        f"{name}-customer": f"customer@{name}.example",
        f"{name}-twice": f"twice@{name}.example",
        f"{name}-open": f"open@{name}.example",
    }
    kept_at = set()
    for days in (10, 12, 39, 41, 58, 61, LINK_AND_A_DAY + 39, LINK_AND_A_DAY + 41, 200, 800):
        later(world, days)
        await a_night(world, company)
        for customer_id, email in customers.items():
            person = person_of(SECRET, name, customer_id)
            keeping = [each for each in ("collector", "scorer", "alerts") if await keeps(world, each, person)]
            kept_at |= {(each, customer_id, days) for each in keeping}
            if keeping:
                by_id = await export(world, company, f"/v1/customers/{customer_id}/export")
                by_email = await export(world, company, "/v1/customers/export", email=email)
                assert (by_id, by_email) == (200, 200), (customer_id, days, keeping)
    assert (("alerts", f"{name}-customer", 800) in kept_at) is not closed
    assert {("alerts", f"{name}-customer", 41), ("collector", f"{name}-twice", 39)} <= kept_at
    assert not {days for _, customer_id, days in kept_at if customer_id == f"{name}-open" and days > 11}
    # And nobody longer than any of the others does.
    known = {each for each in customers if await keeps(world, "dispatcher", person_of(SECRET, name, each))}
    assert known == (set() if closed else {f"{name}-customer"})


async def test_whose_other_content_is_kept_under_an_event_is_known_for_as_long(world: World) -> None:
    company = await world.create_company("differs")
    other = an_event("differs", customer={"id": "differs-too", "email": "too@differs.example"})
    await world.post("trigger", company, "/v1/events", other)
    for event in await world.transactions():
        if event.tenant == "differs":
            await world.deliver(event, TRANSACTIONS.name)
    await set_rules(world, company, contacts=15)
    kept = []
    for days in (14, 16, LINK_AND_A_DAY + 13, LINK_AND_A_DAY + 15):
        later(world, days)
        await a_night(world, company)
        async with world.contexts["dispatcher"].database.reading() as uow:
            values = {"person": person_of(SECRET, "differs", "differs-too")}
            difference = await uow.execute("SELECT 1 FROM decision WHERE difference_person = :person", values)
            known = await uow.execute("SELECT 1 FROM known_customer WHERE person = :person", values)
            kept.append((len(difference.all()), len(known.all())))
    assert kept == [(1, 1), (1, 1), (1, 1), (0, 0)]


async def import_answers(world: World, company: Company, who: str, *days_ago: int) -> None:
    """Import answers of one customer, the first of them first."""
    for days in days_ago:
        answer = {
            "id": f"{company.name}-{who}-{days}",
            "score": 9,
            "answered_at": (datetime.now(UTC) - timedelta(days=days, minutes=1)).isoformat(),
            "customer": {"id": f"{company.name}-{who}", "email": f"{who}@{company.name}.example"},
        }
        await world.post("collector", company, "/v1/answers/import", {"answers": [answer]})
        await world.deliver_all()


async def export(world: World, company: Company, path: str, **query: str) -> int:
    """The status of an export."""
    answer = await world.clients["dispatcher"].get(path, params=query, headers=company.headers)
    return answer.status_code


async def keeps(world: World, name: str, person: str) -> bool:
    """Whether a service has a row of this person."""
    data = service(name).personal_data
    assert data is not None
    async with world.contexts[name].database.reading() as uow:
        for each in data.tables:
            found = await uow.execute(
                f"SELECT 1 FROM {each.table.name} WHERE person = :person LIMIT 1", {"person": person}
            )
            if found.one_or_none() is not None:
                return True
    return False


async def test_no_hash_and_no_order_number_tells_whose_a_removed_decision_was(world: World) -> None:
    company = await a_company(world, "digests")
    (event,) = [each for each in await world.transactions() if each.data.event_id == company.event]
    await set_rules(world, company, contacts=15)
    later(world, LINK_AND_A_DAY + 16)
    await a_night(world, company)
    async with world.contexts["dispatcher"].database.reading() as uow:
        rows = await uow.execute(
            "SELECT * FROM decision WHERE tenant = 'digests' AND event_id = :id", {"id": company.event}
        )
        row = rows.one()
    assert (row.digest, row.source_id) == (NO_DIGEST, str(company.event))
    assert event.data.digest.encode() not in row.facts
    assert event.data.id.encode() not in row.facts + row.grounds
    again = msgspec.structs.replace(
        event, data=msgspec.structs.replace(event.data, digest="of other content")
    )
    await world.deliver(again, TRANSACTIONS.name)
    async with world.contexts["dispatcher"].database.reading() as uow:
        found = await uow.execute(
            "SELECT difference FROM decision WHERE tenant = 'digests' AND event_id = :id",
            {"id": company.event},
        )
        assert found.scalar_one() is None


async def test_the_hash_that_a_version_before_left_in_a_removed_decision_goes(world: World) -> None:
    company = await a_company(world, "hashes")
    database = world.contexts["dispatcher"].database
    await set_rules(world, company, contacts=15)
    later(world, LINK_AND_A_DAY + 16)
    await a_night(world, company)
    async with database.transaction() as uow:
        await uow.execute("UPDATE decision SET digest = 'a hash' WHERE tenant = 'hashes'")
    said = await try_rules(world, company, contacts=15)
    assert said["services"]["dispatcher"] == {"contacts": {"decision": 1}}
    assert sum(said["kinds"].values()) == 1
    await a_night(world, company)
    async with database.reading() as uow:
        found = await uow.execute("SELECT digest FROM decision WHERE tenant = 'hashes'")
        assert found.scalars().all() == [NO_DIGEST]
    assert not any((await try_rules(world, company, contacts=15))["kinds"].values())


async def test_an_invitation_whose_link_is_followed_keeps_its_address(world: World) -> None:
    company = await a_company(world, "linked")
    await set_rules(world, company, contacts=15, decisions=59)
    later(world, 29 + 15)
    said = await try_rules(world, company, contacts=15, decisions=59)
    assert "invitation" not in said["services"]["dispatcher"].get("contacts", {})
    assert "decision" not in said["services"]["dispatcher"].get("contacts", {})
    later(world, LINK_AND_A_DAY + 15)
    said = await try_rules(world, company, contacts=15, decisions=59)
    assert said["services"]["dispatcher"]["contacts"]["invitation"] == 1


async def test_who_said_no_or_was_asked_stays_known_by_the_hash_alone(world: World) -> None:
    company = await a_company(world, "noes")
    link = company.token("unsubscribe")
    left = await world.clients["dispatcher"].post(f"/u/{link}", data={})
    assert left.status_code == 200
    await set_rules(world, company, contacts=15, decisions=59)
    later(world, 200)
    await a_night(world, company)
    database = world.contexts["dispatcher"].database
    async with database.reading() as uow:
        keys = (await uow.execute("SELECT id FROM customer WHERE tenant = 'noes'")).scalars().all()
        assert {len(key) for key in keys} == {64}
        reasons = await uow.execute("SELECT reason FROM suppression WHERE tenant = 'noes'")
        assert "unsubscribed" in reasons.scalars().all()
    gone = await world.clients["dispatcher"].get(f"/u/{link}")
    assert gone.status_code == 404
    # And the same customer, who buys again, is not asked.
    later(world, 0)
    event = an_event("noes", id="noes-second", occurred_at=datetime.now(UTC).isoformat())
    await world.post("trigger", company, "/v1/events", event)
    (again,) = [
        one for one in await world.transactions() if one.tenant == "noes" and one.data.id == "noes-second"
    ]
    await world.deliver(again, TRANSACTIONS.name)
    async with database.reading() as uow:
        reason = await uow.execute(
            "SELECT reason FROM decision WHERE tenant = 'noes' AND source_id = 'noes-second'"
        )
        assert reason.scalar_one() == "opted_out"


async def test_a_page_of_a_case_or_an_event_without_its_customer_is_shown(world: World) -> None:
    company = await a_company(world, "pages")
    await set_rules(world, company, contacts=15, comments=15, cases=15)
    later(world, 100)
    await a_night(world, company)
    for context in world.contexts.values():
        context.database.clock = lambda: datetime.now(UTC)
    admin = company.people["admin"]
    for name, path in (("alerts", f"/cases/{company.case}"), ("dispatcher", f"/events/{company.event}")):
        page = await world.clients[name].get(path, headers=admin.headers(page=True))
        assert page.status_code == 200, page.text
        assert not [word for word in ("Whitfield", "pages-customer", "pages was late") if word in page.text]
    listed = await world.clients["dispatcher"].get("/events", headers=admin.headers(page=True))
    assert "not kept any more" in listed.text


async def test_a_service_that_does_not_answer_is_named(world: World, birch: Company) -> None:
    app = world.app("scorer")
    context = app.state.context
    route = next(one for one in app.routes if getattr(one, "path", "").endswith("/retention"))
    app.router.routes.remove(route)
    try:
        answer = await world.clients["dispatcher"].post(
            "/v1/retention/dry-runs", json={}, headers=birch.headers
        )
    finally:
        app.router.routes.append(route)
    assert (answer.status_code, "scorer" in answer.json()["detail"]) == (503, True)
    assert context is app.state.context


async def test_only_our_own_services_ask_a_service_for_its_counts(world: World, birch: Company) -> None:
    for name in ("collector", "scorer", "alerts"):
        path = f"/v1/personal-data/{name}/retention"
        for headers in ({}, birch.headers, birch.people["admin"].headers(page=False)):
            answer = await world.clients[name].get(path, headers=headers)
            assert answer.status_code == 401, (name, headers)


async def test_one_worker_works_at_a_time_and_once_a_night(world: World) -> None:
    context = world.contexts["collector"]
    run = RetentionRun(
        "collector", service("collector").retention, context.database, Health(), asyncio.Event()
    )
    later(world, 20_000)
    working, done = asyncio.Event(), asyncio.Event()

    async def remove_all() -> bool:
        working.set()
        await done.wait()
        return await RetentionRun.remove_all(run)

    run.remove_all = remove_all  # type: ignore[method-assign]
    first = asyncio.create_task(run.step())
    await working.wait()
    other = RetentionRun(
        "collector", service("collector").retention, context.database, Health(), asyncio.Event()
    )
    assert await other.step() is None
    assert await other.is_due()
    done.set()
    await first
    assert not await other.is_due()
    later(world, 20_001)
    assert await other.is_due()
