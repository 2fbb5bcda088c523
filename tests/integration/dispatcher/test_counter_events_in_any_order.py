"""Whatever comes in whatever order: each mail is cancelled or held as the words of counter-events say."""

from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.counter_model import HOUR, TYPES, Happened, World
from support.dispatcher_builders import NOON, Clock
from support.examples import examples

from shared.db.database import Database

PEOPLE = (("kim", "kim@example.com"), ("kim", "home@example.com"), ("bo", "home@example.com"))
"""Two addresses of one person, and one address under two ids."""
EVENTS = st.tuples(
    st.sampled_from(["order.delivered", "order.delivered", *TYPES]),
    st.sampled_from(PEOPLE),
    st.sampled_from([None, "A", "B", "0"]),
    st.integers(-100, 100),  # hours from noon
)
STEPS = st.lists(
    st.one_of(st.lists(EVENTS, min_size=1, max_size=4), st.sampled_from([1, 5, 30, 80])), max_size=7
)


@settings(
    max_examples=examples(9), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_no_mail_leaves_that_a_counter_event_cancelled_or_holds(
    database: Database, clock: Clock, steps: list[object]
) -> None:
    world, numbers = await World.begin(database, clock), count(1)
    for step in steps:
        if isinstance(step, int):
            await world.wait(step)
        else:
            assert isinstance(step, list)
            batch = []
            for kind, (customer, address), order, hours in step:
                happened = min(NOON + hours * HOUR, clock.now)
                number = next(numbers)
                # No two at the same time: which of them is first would be nobody's rule.
                happened -= timedelta(seconds=number)
                named = order if order != "0" else None
                batch.append(Happened(f"event-{number}", kind, customer, address, named, happened))
            await world.consume(batch)
        await world.judge()
    await world.wait(80)
    await world.judge()
