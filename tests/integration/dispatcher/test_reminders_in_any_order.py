"""No order of what may happen lets a reminder leave that a rule forbids: judged by a model of the rules alone."""

from collections.abc import Awaitable, Callable, Sequence

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from support.dispatcher_builders import Clock, relay_all
from support.dispatcher_reminders import OUTCOMES, World, some_reminders
from support.examples import examples

from shared.db.database import Database

STEPS: dict[str, Callable[[World], Awaitable[None]]] = {
    "an hour": lambda world: world.wait(hours=1),
    "a day": lambda world: world.wait(days=1),
    "three days": lambda world: world.wait(days=3),
    "five days": lambda world: world.wait(days=5),
    **{f"mails are {state}": lambda world, state=state: world.serve(state) for state in OUTCOMES},  # type: ignore[misc]
    "clicked": lambda world: world.answer("clicked", None),
    "saved": lambda world: world.answer("saved", 9),
    "answered": lambda world: world.answer("sent", 3),
    "case opened": lambda world: world.case("open"),
    "case closed": lambda world: world.case("closed"),
    "no": World.say_no,
    "listed": World.list,
    "yes again": World.allow,
    "erased": World.erase,
    "bounced": World.bounce,
    "complained": World.complain,
    "paused": lambda world: world.change(state="paused"),
    "started": lambda world: world.change(state="live"),
    "no reminders": lambda world: world.change(reminders=()),
    "one reminder": lambda world: world.change(reminders=some_reminders(2)),
    "two reminders": lambda world: world.change(reminders=some_reminders(2, 5)),
    "survey lost": World.lose_survey,
    "stopped": lambda world: world.stop(stopped=True),
    "resumed": lambda world: world.stop(stopped=False),
    "test mode": lambda world: world.mode("test"),
    "live": lambda world: world.mode("live"),
}
TIME = [name for name in STEPS if name.endswith(("hour", "day", "days"))]
some_step = st.sampled_from(TIME) | st.sampled_from(list(STEPS))


@given(days=st.sampled_from([(1,), (3,), (1, 2), (2, 5), (3, 12)]), order=st.lists(some_step, max_size=24))
@example(days=(2, 5), order=["a day", "three days", "three days", "an hour"])
@example(days=(2, 5), order=["a day", "stopped", "five days", "resumed", "an hour", "an hour", "a day"])
@example(days=(2,), order=["an hour", "mails are waiting", "three days", "answered", "a day"])
@example(days=(2, 5), order=["an hour", "mails are unknown", "three days", "mails are sent", "five days"])
@example(days=(1,), order=["an hour", "case opened", "no", "erased", "three days"])
@example(days=(2, 5), order=["an hour", "complained", "yes again", "complained", "three days", "bounced"])
@example(days=(2, 5), order=["an hour", "listed", "complained", "no", "three days"])
@settings(
    max_examples=examples(12),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to look for a shorter order takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_in_every_order_a_reminder_leaves_once_and_only_while_every_rule_allows_it(
    database: Database, clock: Clock, days: Sequence[int], order: Sequence[str]
) -> None:
    world = await World.begin(database, clock, days)
    await world.judge()
    for step in order:
        await STEPS[step](world)
        await relay_all(database)
        await world.judge()
    world.channel.outcome = "sent"
    for _ in range(8):  # whatever is left comes to its end
        await world.wait(days=2)
        await world.judge()
