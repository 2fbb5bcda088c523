"""Whatever comes in whatever order, no mail leaves that breaks any rule at that instant: all rules at once.

Three other tests predict exactly what becomes of each mail, by fewer rules: ``test_frequency_in_any_order``,
``test_counter_events_in_any_order`` and ``test_reminders_in_any_order``.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from support.contact_history import DAY, Counter, Policy, Survey, Who
from support.contact_world import HOUR, World
from support.dispatcher_builders import Clock
from support.dispatcher_reminders import OUTCOMES
from support.examples import examples

from shared.db.database import Database

KIM = Who("kim", "kim@example.com", "Europe/Copenhagen", "DK")
AT_WORK = Who("kim", "kim@work.example", "Europe/Copenhagen", "DK")
FAMILY = Who("bo", "kim@example.com", "Europe/Copenhagen", "DK")
IN_NEW_YORK = Who("ann", "ann@example.com", "America/New_York", "US")
IN_TOKYO = Who("rin", "rin@example.com", "Asia/Tokyo", "JP")
BO_AT_WORK = Who("bo", "bo@work.example", "Europe/Copenhagen", "DK")
who = st.sampled_from([KIM, KIM, KIM, AT_WORK, FAMILY, BO_AT_WORK, IN_NEW_YORK, IN_TOKYO])
TYPES = ("order", "call", "refund", "complaint")
COUNTERS = (
    Counter("refund", "order"),
    Counter("complaint", "customer", 30 * HOUR),
    Counter("call", "customer"),
)
touchpoint = st.sampled_from([None, "delivery", "repair"])
policy = st.builds(
    Policy,
    cap=st.sampled_from([0 * HOUR, 24 * HOUR, 24 * HOUR, 60 * HOUR]),
    quiet=st.sampled_from([None, (21 * 60, 7 * 60), (9 * 60, 17 * 60 + 30), (0, 20 * 60)]),
    sundays=st.booleans(),
    holidays=st.booleans(),
    counters=st.sampled_from([(), COUNTERS[:2], COUNTERS]),
    shared=st.sampled_from([False, False, True]),
)


def survey(name: str) -> st.SearchStrategy[Survey]:
    return st.builds(
        Survey,
        name=st.just(name),
        event_type=st.sampled_from(["order", "order", "call", "complaint"])
        if name != "first"
        else st.just("order"),
        measurement=st.sampled_from(["transactional", "relational"]),
        touchpoint=touchpoint,
        days=st.sampled_from([0, 1, 3, 8]),
        scope=st.sampled_from(["any", "measurement", "touchpoint", "survey"]),
        delay=st.sampled_from([0 * HOUR, 2 * HOUR, 30 * HOUR]),
        max_age=st.sampled_from([2 * DAY, 6 * DAY, 15 * DAY]),
        percent=st.sampled_from([100, 100, 100, 50]),
        reminders=st.sampled_from([(), (1,), (2, 3), (3, 9)]),
        holding=st.sampled_from([0 * HOUR, 0 * HOUR, 20 * HOUR, 48 * HOUR]),
        live=st.sampled_from([True, True, True, False]),
    ).map(lambda one: replace(one, holding=0 * HOUR) if one.measurement == "relational" else one)


event = st.tuples(
    st.sampled_from(["order", "order", "order", *TYPES]),
    who,
    st.sampled_from([None, "A", "B"]),
    touchpoint,
    st.sampled_from([0, 0, 1, 20, 40]),
)
surveys = st.tuples(*(survey(name) for name in ("first", "second", "third")))
STEPS: dict[str, st.SearchStrategy[Any]] = {
    "consume": st.lists(event, min_size=1, max_size=4),
    "wait": st.sampled_from([1, 5, 10, 25, 60]),
    "serve": st.sampled_from(["sent", "sent", "sent", *OUTCOMES]),
    "set_policy": policy,
    "set_survey": st.sampled_from(["first", "second", "third"]).flatmap(survey),
    "say_no": who,
    "list": who,
    "choose": st.tuples(who, st.sampled_from(["usual", "fewer", "pause", "channel"])),
    "allow": st.none(),
    "erase": who,
    "answer": st.integers(0, 9),
    "open_case": who,
    "close_case": who,
    "stop": st.sampled_from([False, False, True]),
    "test_mode": st.sampled_from([False, False, False, True]),
}
FIRST = Survey("first", "order", delay=2 * HOUR, reminders=(1, 2))
SURVEYS = (FIRST, Survey("second", "call"), Survey("third", "complaint"))
ORDER = ("consume", [("order", KIM, "A", None, 0)])
SENT, REMINDED = ("wait", 10), ("wait", 60)
LATE, CALL = replace(FIRST, delay=30 * HOUR, reminders=()), ("consume", [("call", KIM, None, None, 0)])
LATER = ("set_survey", LATE)
ONE_RULE_EACH: list[list[tuple[str, Any]]] = [
    [ORDER, ("set_survey", replace(FIRST, live=False)), SENT],
    [ORDER, ("say_no", KIM), SENT],
    [ORDER, ("list", KIM), SENT],
    *[[ORDER, ("choose", (KIM, kind)), SENT] for kind in ("pause", "channel")],
    *[[("choose", (KIM, kind)), ORDER, SENT] for kind in ("pause", "channel")],
    *[[ORDER, SENT, ("choose", (KIM, kind)), REMINDED] for kind in ("pause", "channel")],
    [("choose", (KIM, "fewer")), ORDER, SENT, ORDER, ("consume", [("call", AT_WORK, None, None, 0)]), SENT],
    [LATER, ORDER, CALL, ("choose", (KIM, "fewer")), SENT, REMINDED],
    [ORDER, ("erase", KIM), SENT, ORDER],
    [ORDER, ("stop", True), SENT],
    [ORDER, ("test_mode", True), SENT],
    [ORDER, ("set_policy", Policy(quiet=(0, 1439))), SENT],
    [ORDER, ("consume", [("refund", KIM, "A", None, 0)]), SENT],
    [ORDER, ("consume", [("complaint", KIM, None, None, 0)]), SENT],
    [("say_no", KIM), ORDER],
    [("open_case", KIM), ORDER, SENT],
    [ORDER, ("open_case", AT_WORK), SENT],
    [ORDER, ("stop", True), ("wait", 125), ("stop", False), SENT],
    [ORDER, SENT, ("set_survey", replace(FIRST, live=False)), REMINDED],
    [ORDER, SENT, ("set_survey", replace(FIRST, reminders=())), REMINDED],
    [ORDER, SENT, ("answer", 0), REMINDED],
    [ORDER, SENT, ("open_case", KIM), REMINDED],
    [ORDER, SENT, ("say_no", KIM), REMINDED],
    [ORDER, SENT, ("list", KIM), REMINDED],
    [("set_survey", replace(FIRST, percent=50)), *[ORDER] * 8],
    [ORDER, ("consume", [("order", AT_WORK, None, None, 0)]), SENT],
    [ORDER, ("say_no", KIM), ("consume", [("order", AT_WORK, None, None, 0)]), SENT],
    [ORDER, ("consume", [("order", AT_WORK, None, None, 0)]), ("say_no", AT_WORK), SENT],
    [ORDER, ("consume", [("call", AT_WORK, None, None, 0)]), ("set_policy", Policy(cap=24 * HOUR)), SENT],
    [LATER, ORDER, CALL, SENT, ("set_survey", replace(LATE, days=3)), REMINDED],
    [
        ("set_survey", replace(LATE, days=1)),
        CALL,
        ORDER,
        ("stop", True),
        ("wait", 25),
        ("stop", False),
        REMINDED,
    ],
    [
        ("set_survey", replace(LATE, days=3)),
        ("consume", [("refund", FAMILY, None, None, 0)]),
        ORDER,
        ("erase", KIM),
        ("consume", [("order", FAMILY, "B", None, 0)]),
    ],
]
"""What must not leave, and does once its rule is forgotten: what an order that is drawn meets only now and then."""


CALL = ("consume", [("call", KIM, None, None, 0)])
CALLS_WAIT = (replace(FIRST, days=3), Survey("second", "call", days=3, holding=20 * HOUR))
THE_ORDER_DECIDES: list[list[tuple[str, Any]]] = [
    [CALL, ORDER, SENT],
    [("consume", [("call", KIM, None, None, 1), ("order", KIM, "A", None, 0)]), SENT],
    [("set_survey", replace(FIRST, days=0)), ("set_policy", Policy(cap=24 * HOUR)), CALL, ORDER, SENT],
    [CALL, ("wait", 25), ORDER, SENT],
    [ORDER, CALL, SENT],
    [CALL, ("test_mode", True), ORDER, ("test_mode", False), SENT],
]
"""What asks nobody, or the wrong event, once a rule about the holding time is forgotten."""


def tried_first(test: Any) -> Any:
    """The test, with one example for each rule."""
    for steps in THE_ORDER_DECIDES:
        test = example(rules=CALLS_WAIT, company=Policy(), steps=steps)(test)
    for steps in ONE_RULE_EACH:
        test = example(rules=SURVEYS, company=Policy(counters=COUNTERS[:2]), steps=steps)(test)
    return test


OFTEN = ("consume", "wait") * 12
step = st.sampled_from([*OFTEN, *STEPS]).flatmap(lambda name: st.tuples(st.just(name), STEPS[name]))


@given(rules=surveys, company=policy, steps=st.lists(step, min_size=12, max_size=36))
@tried_first
@settings(
    max_examples=examples(9),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to look for a shorter order takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_no_mail_ever_leaves_against_a_rule_and_nobody_is_spared_without_a_reason(
    database: Database,
    clock: Clock,
    rules: Sequence[Survey],
    company: Policy,
    steps: Sequence[tuple[str, Any]],
) -> None:
    world = await World.begin(database, clock, rules, company)
    for name, about in steps:
        await world.do(name, about)
    await world.do("wait", 120)
