"""A customer of whom every service stores something is erased: one search over everything finds nothing.

The search finds tables, columns and topics by itself, and asks every route.
"""

import itertools
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.companies import World
from support.erasure_orders import AnyOrder
from support.erasure_world import WORDS, Karen, TopicLog, keyed_hashes
from support.examples import examples

from services import SERVICES
from services.command import service
from shared.events import TOPICS
from shared.kafka.kernel.dead_letters import dead_letter_topic
from shared.privacy.columns import personal_columns
from shared.privacy.erased import CONFIRMING_SERVICES
from shared.privacy.stripping import PERSONAL

pytestmark = pytest.mark.timeout(300)

COMPANY_NUMBERS = itertools.count(1)
HASHES_STAY_IN = ("erased", "erasure", "erasure_confirmation", "customer", "asked", "suppression")
"""Tables that must know whom and under which addresses not to ask again, and the quarantine of an address: by
keyed hashes alone."""
HOLD_TRACES = {
    "dispatcher.decision.customer_id",
    "dispatcher.invitation.body",
    "dispatcher.case_mail.body",
    "collector.invitation.body",
    "collector.answer.comment",
    "collector.answer_history.comment",
    "scorer.answer.customer_id",
    "alerts.cases.customer_id",
    "alerts.answer.body",
    "alerts.timeline.facts",
}
"""Some of the places in which the search must find the customer before the erasure, else it is blind."""


@pytest.fixture
async def karen(world: World) -> Karen:
    """A customer of a company of their own."""
    return Karen(TopicLog(world), await world.create_company("willow"))


def personal_columns_of_all() -> set[str]:
    """The columns of all services that are declared as personal."""
    return {
        f"{name}.{column}"
        for name in CONFIRMING_SERVICES
        for column in personal_columns(service(name).metadata)
    }


async def test_nothing_of_an_erased_customer_is_left_anywhere(
    karen: Karen, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {name for name in SERVICES if service(name).personal_data} == set(CONFIRMING_SERVICES)
    await karen.leave_traces()
    found = await karen.tables(WORDS)
    assert found >= HOLD_TRACES, HOLD_TRACES - found
    assert found <= (declared := personal_columns_of_all()), found - declared
    before, pages = await karen.counted(), await karen.pages(WORDS)
    assert len(pages) > 5
    capsys.readouterr()

    erasure = await karen.erase()
    assert (await karen.state(erasure))["state"] == "under_way"
    await karen.erase_everywhere(erasure)
    assert set((await karen.state(erasure))["services"].values()) == {"done"}

    assert await karen.tables(WORDS) == set()
    assert await karen.tables(keyed_hashes(karen.company), without=HASHES_STAY_IN) == set()
    dead = {
        dead_letter_topic(t.name, name)
        for name in SERVICES
        for t in service(name).consumes
        if t.name in PERSONAL
    }
    assert set(karen.log.topics) >= dead | PERSONAL
    assert karen.log.places_of(WORDS) == set()
    assert karen.log.places_of(keyed_hashes(karen.company)) <= {"customers.v1", "erasures.v1"}
    assert await karen.pages(WORDS) == set()
    logged = capsys.readouterr()
    assert not [word for word in WORDS if word in (logged.out + logged.err).lower()]
    assert await karen.counted() == before

    await karen.log.deliver_all()  # looking at the pages has left lines of the log
    rows = await karen.world.rows()
    for topic in TOPICS:
        for compacted in (True, False):
            if topic.name in karen.log.topics:
                await karen.log.replay(topic.name, compacted=compacted)
                again = await karen.world.rows()
                assert {table for table in rows if again[table] != rows[table]} == set(), topic.name
    assert await karen.tables(WORDS) == set()

    await karen.buy("order-of-18")
    decided = await karen.world.clients["dispatcher"].get(
        "/v1/decisions", params={"event_id": "order-of-18"}, headers=karen.company.headers
    )
    assert [each["reason"] for each in decided.json()["decisions"]] == ["erased"], decided.text
    assert await karen.tables(WORDS) == set()
    assert karen.log.places_of(WORDS) == set()


@given(chance=st.integers(0, 2**32).map(Random))
@settings(
    max_examples=examples(3),
    deadline=None,
    phases=[Phase.generate],  # one order takes seconds
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_in_whatever_order_the_services_consume_nothing_is_left_and_they_count_alike(
    world: World, chance: Random
) -> None:
    order = await AnyOrder.begin(world, f"aspen{next(COMPANY_NUMBERS)}", chance)
    await order.run()
    assert await order.karen.tables(WORDS) == set()
    assert await order.karen.tables(keyed_hashes(order.company), without=HASHES_STAY_IN) == set()
    assert order.log.places_of(WORDS) == set()
    assert order.log.places_of(keyed_hashes(order.company)) <= {"customers.v1", "erasures.v1"}
    counted = await order.counted()
    for owned, *heard in (counted.answers, counted.scores, counted.days, counted.cases):
        assert heard == [owned] * len(heard)
    assert counted.orders == ["order-1", "order-2"]
