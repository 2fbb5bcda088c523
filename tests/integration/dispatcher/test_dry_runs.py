"""A dry run says what a company with these rules would really have decided."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    reasons,
    rows,
    say_no,
)
from support.dispatcher_builders import TENANT as COMPANY
from support.examples import examples
from support.http_clients import SECRET

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.decisions.values import CandidateSurvey
from services.dispatcher.dry_runs import simulation
from services.dispatcher.dry_runs.domain import DryRun, Outcome
from services.dispatcher.dry_runs.schemas import candidate_of
from services.dispatcher.suppressions.domain import SuppressionEntry
from services.dispatcher.suppressions.suppression_commands import suppress
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.survey_commands import change_survey, find_survey
from shared.db.database import Database
from shared.events import ContactRules, CounterEvent, Customer, Transaction
from shared.events.conditions import Condition
from shared.events.transactions import LINK, WAVE_SOURCE
from shared.ids import uuid7
from shared.secrets import customer_hash

NUMBER = "+4520123456"

RULES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "trigger": st.sampled_from(("order.delivered", "call", "*")),
        "quarantine_days": st.integers(0, 4),
        "quarantine_scope": st.sampled_from(("any", "measurement", "touchpoint", "survey")),
        "measurement": st.sampled_from(("transactional", "relational")),
        "touchpoint": st.sampled_from((None, "delivery")),
        "delay_minutes": st.sampled_from((0, 60, 3 * 1440)),
        "max_age_days": st.integers(1, 7),
        "holding_minutes": st.sampled_from((0, 0, 600, 2880)),
        "conditions": st.sampled_from((None, Condition(field="attributes.total", op=">=", value=50))),
        "channels": st.sampled_from((("mail",), ("mail", "link"), ("link",), ("sms",), ("sms", "mail"))),
    }
)
COMPANY_RULES = st.builds(
    ContactRules,
    quiet_hours=st.just({}),
    sundays=st.booleans(),
    cap_hours=st.sampled_from((0, 24, 60)),
    relational_distance_days=st.sampled_from((0, 1, 14)),
    ids_are_shared=st.booleans(),
)
EVENT: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "type": st.sampled_from(("order.delivered", "call", "visit")),
        "customer": st.sampled_from(
            (
                Customer(id="kim", email="kim@example.com"),
                Customer(id="kim", email="kim@work.example"),
                Customer(id="kim-again", email="kim@example.com", phone=NUMBER),
                Customer(id="robin", email="robin@example.com", phone=NUMBER),
                Customer(id="robin", phone=NUMBER),
                Customer(id="nobody"),
            )
        ),
        "age": st.sampled_from((0, 1, 40)),
        "total": st.sampled_from((10, 60)),
        "segments": st.sampled_from(({}, {"touchpoint": "delivery"})),
        "channel": st.sampled_from((None, None, LINK)),
    }
)
KIM = Customer(id="kim", email="kim@example.com")
STEPS = st.lists(st.tuples(st.integers(0, 72), st.lists(EVENT, min_size=1, max_size=3)), max_size=8)


async def a_company(database: Database, company: ContactRules, rules: Sequence[dict[str, Any]]) -> str:
    tenant = f"company-{uuid7()}"
    await keep_tenant(database, tenant)
    await go_live(database, tenant)
    async with database.transaction() as uow:
        await set_policy(uow, tenant, an_actor("the test"), company)
    for place, each in enumerate(rules, 1):
        await make_survey(database, tenant, name=f"survey {place}", place=place, **each)
    return tenant


async def surveys_of(database: Database, tenant: str) -> dict[str, UUID]:
    found = await rows(database, "SELECT id, name FROM survey WHERE tenant = :tenant", tenant=tenant)
    return {row.name: row.id for row in found}


def event(number: int, clock: Clock, facts: dict[str, Any]) -> Transaction:
    return a_transaction(
        f"{number:04}",
        facts["customer"],
        type=facts["type"],
        occurred_at=clock() - timedelta(hours=facts["age"]),
        segments=facts["segments"],
        attributes=msgspec.Raw(f'{{"total":{facts["total"]}}}'.encode()),
        channel=facts["channel"],
    )


async def try_rules(
    database: Database,
    tenant: str,
    survey: CandidateSurvey | None = None,
    company: ContactRules | None = None,
    **other: Any,
) -> DryRun:
    return await simulation.run(
        database, SECRET, tenant, survey=survey, company=company, **{"period": timedelta(days=7), **other}
    )


def tried(survey: StoredSurvey, **changes: Any) -> CandidateSurvey:
    return candidate_of(msgspec.structs.replace(survey.draft, **changes), survey.id)


def counted(found: Sequence[str]) -> dict[str, int]:
    return {reason: found.count(reason) for reason in found}


@settings(
    max_examples=examples(12),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    company=COMPANY_RULES, other_company=COMPANY_RULES, first=RULES, second=RULES, other=RULES,
    before=STEPS, steps=STEPS,
)  # fmt: skip
async def test_it_says_what_the_same_events_really_become_under_those_rules(
    database: Database,
    clock: Clock,
    company: ContactRules,
    other_company: ContactRules,
    first: dict[str, Any],
    second: dict[str, Any],
    other: dict[str, Any],
    before: list[tuple[int, list[dict[str, Any]]]],
    steps: list[tuple[int, list[dict[str, Any]]]],
) -> None:
    """Two companies with one history; then one has other rules, which the other one tries."""
    clock.now = NOON
    ours = await a_company(database, company, [first, second])
    theirs = await a_company(database, company, [first, second])
    numbers = iter(range(1000))
    for hours, facts in before:
        clock.on(hours=hours, seconds=1)
        await send_due(database)
        batch = [event(next(numbers), clock, each) for each in facts]
        for tenant in (ours, theirs):
            await decide(database, *batch, tenant=tenant)
    clock.on(days=1)
    changed_at, known = clock(), set(await reasons(database, ours))
    async with database.transaction() as uow:
        await set_policy(uow, theirs, an_actor("the test"), other_company)
    survey_id = (await surveys_of(database, theirs))["survey 2"]
    await change(database, theirs, survey_id, other)
    for hours, facts in steps:
        clock.on(hours=min(hours, 20), seconds=1)
        await send_due(database)
        batch = [event(next(numbers), clock, each) for each in facts]
        for tenant in (ours, theirs):
            await decide(database, *batch, tenant=tenant)
    clock.on(seconds=1)
    really = {
        tenant: counted([why for id_, why in (await reasons(database, tenant)).items() if id_ not in known])
        for tenant in (ours, theirs)
    }
    mine = (await surveys_of(database, ours))["survey 2"]
    survey = CandidateSurvey(
        id=mine, survey_version=0, name="survey 2", place=2, **{**other, "state": "live"}
    )
    period = clock() - changed_at
    found = await try_rules(database, ours, survey, other_company, period=period)
    assert (found.was, found.would_be) == (really[ours], really[theirs])
    unchanged = await try_rules(database, ours, period=period)
    assert (unchanged.was, unchanged.changes) == (really[ours], ())


async def test_a_link_handed_out_counts_for_the_cap_of_the_next_one_also_where_a_mail_is_due_later(
    database: Database, clock: Clock
) -> None:
    company = ContactRules(quiet_hours={}, cap_hours=24, relational_distance_days=0)
    link = {"trigger": "*", "channels": ("link",), "delay_minutes": 0, "quarantine_days": 0}
    mail = {"trigger": "order.delivered", "delay_minutes": 3 * 1440, "quarantine_days": 0}
    tenant = await a_company(database, company, [link, mail])
    facts = {"customer": KIM, "age": 0, "total": 10, "segments": {}, "type": "order.delivered"}
    for number, channel, hours in ((1, LINK, 20), (2, None, 20), (3, LINK, 0)):
        await decide(database, event(number, clock, {**facts, "channel": channel}), tenant=tenant)
        clock.on(hours=hours / 2)
    found = await try_rules(database, tenant)
    assert found.was == {"invited": 2, "cap": 1}
    assert found.changes == ()


async def test_a_mail_that_waited_before_and_gave_way_since_then_counts_until_it_does(
    database: Database, clock: Clock
) -> None:
    rules = {"trigger": "call", "delay_minutes": 60, "max_age_days": 7}
    first = {**rules, "holding_minutes": 2880, "quarantine_days": 0}
    second = {**rules, "measurement": "relational", "quarantine_days": 3}
    company = ContactRules(quiet_hours={}, cap_hours=60, relational_distance_days=0)
    tenant = await a_company(database, company, [first, second])
    facts = {"type": "call", "customer": KIM, "age": 0, "total": 10, "segments": {}, "channel": None}
    await decide(database, event(1, clock, facts), tenant=tenant)
    clock.on(hours=37)
    await decide(database, event(2, clock, facts), tenant=tenant)
    # The second call would be too close to the mail that waits, so the relational survey asks in its place.
    asked = await rows(database, "SELECT state, reason FROM invitation ORDER BY decided_at")
    assert [tuple(each) for each in asked] == [("dropped", "relational_first"), ("waiting", None)]
    clock.on(seconds=1)
    found = await try_rules(database, tenant, period=timedelta(hours=1))
    assert (found.events, found.changes) == (1, ())


async def test_a_number_that_two_customers_have_counts_beside_their_addresses(
    database: Database, clock: Clock
) -> None:
    company = ContactRules(quiet_hours={}, cap_hours=0, relational_distance_days=0)
    rules = {"trigger": "call", "delay_minutes": 0, "channels": ("sms",)}
    tenant = await a_company(database, company, [rules])
    kim, robin = (a_customer(name, phone=NUMBER) for name in ("kim", "robin"))
    calls = [a_transaction(f"call-{n}", each, type="call") for n, each in enumerate((kim, robin, robin))]
    await decide(database, *calls[:2], tenant=tenant)
    clock.on(seconds=1)
    found = await try_rules(database, tenant)
    assert (found.was, found.changes) == ({"invited": 1, "quarantine": 1}, ())
    stop = [SuppressionEntry("address", customer_hash(SECRET, tenant, NUMBER))]
    async with database.transaction() as uow:
        await suppress(uow, tenant, stop, reason="unsubscribed", who=an_actor("the test"))
    clock.on(days=2)
    await decide(database, calls[2], tenant=tenant)
    clock.on(seconds=1)
    found = await try_rules(database, tenant, period=timedelta(days=1))
    assert (found.was, found.changes) == ({"opted_out": 1}, ())


async def send_due(database: Database) -> None:
    """Let the mails that are due have left, as a dry run takes it."""
    async with database.transaction() as uow:
        due = "UPDATE invitation SET state = 'sent' WHERE state = 'waiting' AND next_at <= :now"
        await uow.execute(due, {"now": uow.now})


async def change(database: Database, tenant: str, survey_id: UUID, rules: dict[str, Any]) -> None:
    async with database.transaction() as uow:
        stored = await find_survey(uow, tenant, survey_id)
        await change_survey(uow, tenant, survey_id, msgspec.structs.replace(stored.draft, **rules))


class TestCounts:
    async def test_a_shorter_quarantine_asks_more_and_names_the_events(
        self, database: Database, clock: Clock, survey: StoredSurvey
    ) -> None:
        for day in range(4):
            clock.now = NOON + timedelta(days=day)
            await decide(database, a_transaction(f"order-{day}", occurred_at=clock()))
        clock.on(minutes=1)
        found = await try_rules(database, COMPANY, tried(survey, quarantine_days=2))
        assert (found.events, found.all_counted) == (4, True)
        assert found.was == {"invited": 1, "quarantine": 3}
        assert found.would_be == {"invited": 2, "quarantine": 2}
        (one,) = found.changes
        assert one.was == Outcome(reason="quarantine")
        assert one.would_be == Outcome(reason="invited", survey_id=survey.id)
        third = a_transaction("order-2").event_id
        assert (one.events, one.examples) == (1, (third,))

    async def test_another_survey_before_it_takes_its_events(
        self, database: Database, survey: StoredSurvey
    ) -> None:
        await decide(database, a_transaction("order-1"))
        further = candidate_of(msgspec.structs.replace(survey.draft, name="another", place=0), None)
        found = await try_rules(database, COMPANY, further)
        (one,) = found.changes
        assert one.was == Outcome(reason="invited", survey_id=survey.id)
        assert one.would_be == Outcome(reason="invited", survey_id=further.id)
        assert found.was == found.would_be == {"invited": 1}

    async def test_a_paused_survey_is_tried_as_if_it_were_live(
        self, database: Database, survey: StoredSurvey
    ) -> None:
        await decide(database, a_transaction("visit-1", type="visit"))
        found = await try_rules(database, COMPANY, tried(survey, trigger="visit", state="paused"))
        assert (found.was, found.would_be) == ({"no_survey": 1}, {"invited": 1})

    async def test_an_opt_out_counts_from_when_it_came(
        self, database: Database, clock: Clock, survey: StoredSurvey
    ) -> None:
        customer = a_customer("leaving")
        await decide(database, a_transaction("before", customer, type="visit"))
        clock.on(hours=1)
        await say_no(database, customer)
        clock.on(hours=1)
        await decide(database, a_transaction("after", customer, type="visit"))
        found = await try_rules(database, COMPANY, tried(survey, trigger="visit"))
        assert found.would_be == {"invited": 1, "opted_out": 1}

    async def test_an_address_that_cannot_be_one_is_known_where_a_survey_looked_at_it(
        self, database: Database, survey: StoredSurvey
    ) -> None:
        wrong = Customer(id="wrong", email="wrong@")
        await decide(database, a_transaction("order-1", wrong), a_transaction("visit", wrong, type="visit"))
        found = await try_rules(database, COMPANY, tried(survey, trigger="*"))
        assert found.was == {"bad_address": 1, "no_survey": 1}
        assert found.would_be == {"bad_address": 1, "invited": 1}

    @pytest.mark.usefixtures("survey")
    async def test_in_a_wave_its_survey_alone_asks_here_too(self, database: Database) -> None:
        relation = await make_survey(
            database, name="Relation", trigger="never", measurement="relational", delay_minutes=0
        )
        order = a_transaction("1/kim", type=f"wave.{relation.id}")
        event = msgspec.structs.replace(order, source=f"{WAVE_SOURCE}1", survey_id=relation.id)
        await decide(database, event)
        same = await try_rules(database, COMPANY, tried(relation, quarantine_days=1))
        assert (same.was, same.would_be, same.changes) == ({"invited": 1}, {"invited": 1}, ())
        large = Condition(field="attributes.total", op=">=", value=50)
        other = await try_rules(database, COMPANY, tried(relation, conditions=large))
        assert other.would_be == {"conditions": 1}

    @pytest.mark.parametrize("is_set", [True, False])
    async def test_a_counter_event_counts_as_the_rules_that_are_tried_say(
        self, database: Database, clock: Clock, survey: StoredSurvey, *, is_set: bool
    ) -> None:
        refunds = ContactRules(
            quiet_hours={},
            cap_hours=0,
            counter_events=(CounterEvent(event_type="refund", effect="cancel", scope="customer"),),
        )
        if is_set:
            async with database.transaction() as uow:
                await set_policy(uow, COMPANY, an_actor("the test"), refunds)
        kim, ada = a_customer("kim"), a_customer("ada")
        clock.on(hours=1)
        await decide(database, a_transaction("refund", kim, type="refund", occurred_at=clock()))
        clock.on(hours=1)
        await decide(
            database, a_transaction("kims"), a_transaction("kims-2", kim), a_transaction("adas", ada)
        )
        same = await try_rules(database, COMPANY, tried(survey, quarantine_days=0))
        other = await try_rules(database, COMPANY, company=refunds)
        without = await try_rules(
            database, COMPANY, company=msgspec.structs.replace(refunds, counter_events=())
        )
        real = {"no_survey": 1, "invited": 2, "countered": 1} if is_set else {"no_survey": 1, "invited": 3}
        assert (same.was, same.would_be) == (real, real)
        assert other.would_be == {"no_survey": 1, "invited": 2, "countered": 1}
        assert without.would_be == {"no_survey": 1, "invited": 3}
        told = (same.with_counter_events, other.with_counter_events, without.with_counter_events)
        assert told == (is_set, True, False)

    async def test_a_counter_event_from_before_counts_too(
        self, database: Database, clock: Clock, survey: StoredSurvey
    ) -> None:
        async with database.transaction() as uow:
            rule = CounterEvent(event_type="refund", effect="cancel", scope="order")
            await set_policy(
                uow,
                COMPANY,
                an_actor("the test"),
                ContactRules(quiet_hours={}, cap_hours=0, counter_events=(rule,)),
            )
        order = msgspec.Raw(b'{"order_id":"o-1"}')
        await decide(database, a_transaction("refund", type="refund", attributes=order))
        clock.on(days=1)
        await decide(database, a_transaction("late", attributes=order, occurred_at=NOON - timedelta(hours=1)))
        found = await try_rules(
            database, COMPANY, tried(survey, quarantine_days=1), period=timedelta(hours=1)
        )
        assert (found.was, found.would_be) == ({"countered": 1}, {"countered": 1})

    async def test_the_newest_events_are_counted_when_there_are_too_many(
        self, database: Database, clock: Clock, survey: StoredSurvey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(simulation, "MAX_EVENTS_AT_ONCE", 2)
        for number in range(7):
            clock.on(minutes=1)
            customer = a_customer(f"c-{number}")
            await decide(database, a_transaction(f"visit-{number}", customer, type="visit"))
        found = await try_rules(database, COMPANY, tried(survey, trigger="visit"), most=5)
        assert (found.events, found.all_counted, found.would_be) == (5, False, {"invited": 5})
        (one,) = found.changes
        newest = [a_transaction(f"visit-{number}").event_id for number in (6, 5, 4, 3, 2)]
        assert list(one.examples) == newest

    @pytest.mark.usefixtures("survey")
    async def test_a_batch_keeps_its_order_however_its_events_fall_into_pages(
        self, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(simulation, "MAX_EVENTS_AT_ONCE", 5)
        for batch in range(4):
            clock.on(minutes=1)
            made = [
                a_transaction(
                    f"order-{batch}-{n}", a_customer(f"c-{batch}"), occurred_at=NOON - timedelta(hours=n)
                )
                for n in range(4)
            ]
            await decide(database, *made)
        found = await try_rules(database, COMPANY)
        assert (found.events, found.changes) == (16, ())
        assert found.was == {"invited": 4, "quarantine": 12}

    async def test_what_is_left_of_an_erased_customer_is_no_event(
        self, database: Database, survey: StoredSurvey
    ) -> None:
        await decide(database, a_transaction("order-1"), a_transaction("order-2", a_customer("c-2")))
        async with database.transaction() as uow:
            await uow.execute(
                "UPDATE decision SET customer_id = '', person = '', contact_key = NULL "
                "WHERE source_id = 'order-1'"
            )
        found = await try_rules(database, COMPANY, tried(survey, quarantine_days=2))
        assert (found.events, found.was) == (1, {"invited": 1})

    async def test_its_result_is_kept_for_a_week_and_of_one_company_alone(
        self, database: Database, clock: Clock, survey: StoredSurvey
    ) -> None:
        await decide(database, a_transaction("order-1"))
        made = await try_rules(database, COMPANY, tried(survey, quarantine_days=2))
        clock.on(days=6)
        async with database.reading() as uow:
            assert await simulation.find_dry_run(uow, COMPANY, made.id) == made
            assert await simulation.find_dry_run(uow, "another", made.id) is None
        clock.on(days=2)
        async with database.reading() as uow:
            assert await simulation.find_dry_run(uow, COMPANY, made.id) is None
        await try_rules(database, COMPANY)
        assert len(await rows(database, "SELECT 1 FROM dry_run")) == 1
