"""The scope of a quarantine: whose earlier question counts, also when it changes and after an upgrade."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    consume,
    decided,
    event_of,
    go_live,
    invitations,
    invite_customer,
    keep_tenant,
    list_test_addresses,
    make_survey,
    rows,
    share_ids,
    the_state,
)
from support.http_clients import SECRET, context_on

from services.dispatcher import backfill
from services.dispatcher.app import SERVICE
from services.dispatcher.models import metadata
from services.dispatcher.recovery import restore_invitations
from services.dispatcher.story.handlers import keep_answers
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.survey_commands import change_survey
from shared.db.database import Database
from shared.events import ANSWERS, INVITATIONS, Answer
from shared.events.surveys import QuarantineScope
from shared.ids import uuid7
from shared.outbound import Sender

KIM = a_customer("kim")
KIM_AT_WORK = a_customer("kim", email="kim@work.example")
KIM_UNDER_ANOTHER_ID = a_customer("k-2", email="KIM@example.com")
SCOPES: tuple[QuarantineScope, ...] = ("any", "measurement", "touchpoint", "survey")


@pytest.fixture(autouse=True)
async def company(database: Database) -> None:
    await keep_tenant(database)
    await go_live(database)


async def two_surveys(database: Database, scope: QuarantineScope, **second: Any) -> list[StoredSurvey]:
    """Of two types of event; the second one differs from the first as the test says."""
    facts: dict[str, Any] = {"delay_minutes": 0, "quarantine_scope": scope}
    orders = await make_survey(database, trigger="order", touchpoint="delivery", **facts)
    return [
        orders,
        await make_survey(database, trigger="call", **{"touchpoint": "repair", **facts, **second}),
    ]


async def about(database: Database, *events: tuple[Any, str]) -> list[str]:
    """What becomes of events without a touchpoint of their own, each given as customer and type."""
    found = []
    for customer, event_type in events:
        found += await decided(database, customer, type=event_type, segments={})
    return found


def an_import(customer_id: str = "kim", days: int = 10, **changes: Any) -> Answer:
    facts: dict[str, Any] = {"origin": "import", "score": 9, "customer_id": customer_id}
    at = NOON - timedelta(days=days)
    return Answer(id=uuid7(), version=1, state="sent", invited_at=at, changed_at=NOON, **{**facts, **changes})


async def change(database: Database, survey: StoredSurvey, **changes: Any) -> None:
    draft = msgspec.structs.replace(survey.draft, **changes)
    async with database.transaction() as uow:
        await change_survey(uow, TENANT, survey.id, draft)


@pytest.mark.parametrize(
    ("scope", "second", "asked_again"),
    [
        ("any", {}, False),
        ("measurement", {}, False),
        ("measurement", {"measurement": "relational"}, True),
        ("touchpoint", {}, True),
        ("touchpoint", {"touchpoint": "delivery"}, False),
        ("survey", {"touchpoint": "delivery"}, True),
    ],
)
async def test_a_question_of_another_survey_counts_where_the_scope_says_so(
    database: Database, scope: QuarantineScope, second: dict[str, Any], asked_again: bool
) -> None:
    await two_surveys(database, scope, **second)
    assert await about(database, (KIM, "order")) == ["invited"]
    async with database.transaction() as uow:
        # A relational mail would take the day of one that waits.
        await uow.execute("UPDATE invitation SET state = 'sent'")
    assert await about(database, (KIM, "call")) == ["invited" if asked_again else "quarantine"]
    async with database.transaction() as uow:
        await uow.execute("UPDATE invitation SET state = 'sent'")
    # A relational mail that has left keeps its day, whatever the scope is.
    first = "relational_first" if second.get("measurement") == "relational" else "quarantine"
    assert await about(database, (KIM, "order"), (KIM, "call")) == [first, "quarantine"]


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_person_is_asked_once_under_every_address_and_an_address_under_every_id(
    database: Database, scope: QuarantineScope
) -> None:
    """B11: the same person, two addresses, one invitation."""
    await make_survey(database, delay_minutes=0, quarantine_scope=scope)
    found = await decided(database, KIM, KIM_UNDER_ANOTHER_ID, KIM, KIM_AT_WORK, KIM_AT_WORK, together=True)
    assert found == ["invited", *["quarantine"] * 4]
    assert await decided(database, KIM_UNDER_ANOTHER_ID, KIM_AT_WORK) == ["quarantine"] * 2


@pytest.mark.parametrize("scope", SCOPES)
async def test_where_ids_are_shared_an_address_is_a_contact_of_its_own(
    database: Database, scope: QuarantineScope
) -> None:
    await share_ids(database)
    await make_survey(database, delay_minutes=0, quarantine_scope=scope)
    found = await decided(database, KIM, KIM_UNDER_ANOTHER_ID, KIM, KIM_AT_WORK, KIM_AT_WORK, together=True)
    assert found == ["invited", "quarantine", "quarantine", "invited", "quarantine"]
    assert await decided(database, KIM_UNDER_ANOTHER_ID, KIM_AT_WORK) == ["quarantine"] * 2


async def test_a_scope_that_is_changed_finds_its_history(database: Database) -> None:
    orders, calls = await two_surveys(database, "any")
    assert await about(database, (KIM, "order"), (KIM, "call")) == ["invited", "quarantine"]
    for survey in (orders, calls):
        await change(database, survey, quarantine_scope="survey")
    assert await about(database, (KIM, "order"), (KIM, "call")) == ["quarantine", "invited"]


async def test_a_test_counts_for_nothing_in_any_scope(database: Database) -> None:
    await make_survey(database, delay_minutes=0, quarantine_scope="survey")
    await list_test_addresses(database, KIM.email or "")
    assert await decided(database, KIM, KIM) == ["invited", "invited"]
    assert await rows(database, "SELECT 1 FROM asked") == []


class TestImports:
    @pytest.mark.parametrize(
        ("told", "forbidden_in"),
        [
            ({}, {"any", "measurement"}),
            ({"touchpoint": "delivery"}, {"any", "measurement", "touchpoint"}),
            ({"segments": {"touchpoint": "delivery"}}, {"any", "measurement", "touchpoint"}),
            ({"touchpoint": "repair"}, {"any", "measurement"}),
            ({"measurement": "relational"}, {"any"}),
        ],
    )
    @pytest.mark.parametrize("scope", SCOPES)
    async def test_another_systems_question_counts_for_what_it_tells(
        self, database: Database, scope: QuarantineScope, told: dict[str, Any], forbidden_in: set[str]
    ) -> None:
        await two_surveys(database, scope)
        await consume(database, keep_answers, ANSWERS, an_import(**told))
        (found,) = await about(database, (KIM, "order"))
        assert (found == "quarantine") is (scope in forbidden_in)

    async def test_the_latest_of_each_touchpoint_counts_in_whatever_order_they_come(
        self, database: Database
    ) -> None:
        await make_survey(database, delay_minutes=0, quarantine_scope="touchpoint", touchpoint="delivery")
        for days in (95, 85, 100):
            await consume(database, keep_answers, ANSWERS, an_import(days=days, touchpoint="delivery"))
        await consume(database, keep_answers, ANSWERS, an_import(days=1, touchpoint="repair"))
        (row,) = await rows(database, "SELECT asked_at FROM asked WHERE touchpoint = 'delivery'")
        assert row.asked_at == NOON - timedelta(days=85)
        assert await decided(database, KIM, segments={}) == ["quarantine"]

    @pytest.mark.parametrize(
        ("told", "state"),
        [
            ({"touchpoint": "checkout"}, ("dropped", "quarantine")),
            ({"touchpoint": "repair"}, ("sent", None)),
            ({}, ("sent", None)),
        ],
    )
    async def test_one_that_came_while_the_mail_waited_counts_in_its_scope(
        self, database: Database, sender: Sender, told: dict[str, Any], state: tuple[str, str | None]
    ) -> None:
        """The mail itself, which began the quarantine, does not forbid itself."""
        await make_survey(database, delay_minutes=0, quarantine_scope="touchpoint")
        await invite_customer(database, "kim")
        await consume(database, keep_answers, ANSWERS, an_import(**told))
        await sender.step()
        assert await the_state(database) == state


class TestWhatEarlierVersionsStored:
    """Nothing is known of it but the time, which counts in every scope."""

    async def test_a_question_that_such_a_version_asks_beside_this_one_counts_in_every_scope(
        self, database: Database
    ) -> None:
        await two_surveys(database, "survey")
        await about(database, (KIM, "order"))
        async with database.transaction() as uow:
            await uow.execute("UPDATE customer SET invited_at = invited_at + interval '1 hour'")
        assert await about(database, (KIM, "call")) == ["quarantine"]

    async def test_until_the_backfill_is_done_everything_counts_in_every_scope_and_then_its_own(
        self, database: Database
    ) -> None:
        await two_surveys(database, "survey")
        await about(database, (KIM, "order"))
        async with database.transaction() as uow:
            await uow.execute("DELETE FROM asked")
            await uow.execute("INSERT INTO backfill (name) VALUES ('asked'), ('asked elsewhere')")
        assert await about(database, (KIM, "call"), (KIM, "order")) == ["quarantine"] * 2
        while await backfill.backfill_contacts(database, SECRET) == 0:
            pass
        assert await rows(database, "SELECT 1 FROM backfill") == []
        assert await about(database, (KIM, "call"), (KIM, "order")) == ["invited", "quarantine"]

    async def test_imports_from_before_count_in_every_scope_also_when_later_ones_are_known(
        self, database: Database
    ) -> None:
        await two_surveys(database, "survey")
        await consume(database, keep_answers, ANSWERS, an_import("kim"), an_import("bo"))
        async with database.transaction() as uow:
            await uow.execute("DELETE FROM asked")
            await uow.execute("INSERT INTO backfill (name) VALUES ('asked elsewhere')")
        while await backfill.backfill_contacts(database, SECRET) == 0:
            pass
        await consume(database, keep_answers, ANSWERS, an_import("kim", days=1))
        assert await about(database, (KIM, "order"), (a_customer("bo"), "call")) == ["quarantine"] * 2

    async def test_an_import_that_such_a_version_keeps_beside_this_one_counts_in_every_scope(
        self, database: Database
    ) -> None:
        await two_surveys(database, "survey")
        await consume(database, keep_answers, ANSWERS, an_import("kim"))
        async with database.transaction() as uow:
            await uow.execute(
                "UPDATE customer SET asked_elsewhere_at = asked_elsewhere_at + interval '1 hour'"
            )
        assert await about(database, (KIM, "order")) == ["quarantine"]


async def test_a_database_that_is_restored_from_its_topics_knows_who_was_asked_about_what(
    database: Database, clock: Clock
) -> None:
    await two_surveys(database, "survey")
    await about(database, (KIM, "order"))
    topic = [event_of(INVITATIONS, each) for each in await invitations(database)]
    async with database.transaction() as uow:
        for table in reversed(metadata.sorted_tables):
            if table.name not in {"tenant", "survey", "survey_words", "sending", "mail_stream"}:
                await uow.execute(f"DELETE FROM {table.name}")
        await restore_invitations(context_on(SERVICE, database), uow, topic)
    clock.on(days=1)
    assert await about(database, (KIM, "call"), (KIM, "order")) == ["invited", "quarantine"]
