"""Cases, actions and opt-outs come in any order, and more than once: who is told is the same, by a model of the words."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.case_mails import a_reply_sender
from support.dispatcher_builders import (
    Clock,
    a_customer,
    choose_preference,
    invite_customer,
    rows,
    say_no,
)
from support.examples import examples
from support.stack import Mailbox
from support.updates import (
    CAUSE,
    a_raising_case,
    an_action,
    event_of_customer,
    hear,
    person,
    plan,
    publish,
    send_all,
)

from services.dispatcher.preferences.domain import PreferenceChoice
from shared.db.database import Database
from shared.events import Case, Improvement
from shared.mail import Mailer
from shared.outbound import Sender

pytestmark = pytest.mark.usefixtures("survey")
NUMBERS = count()
ENDS = ("yes", "no", "nothing", "another cause", "open again", "unsubscribed", "paused", "no mail")
"""How it ends for a customer, of whom the dispatcher first hears that they may be contacted."""
Step = Callable[[], Awaitable[Any]]


@pytest.fixture
async def update_sender(database: Database, mailbox: Mailbox, clock: Clock) -> AsyncIterator[Sender]:
    mailer = Mailer(mailbox.smtp_url, seconds=5)
    yield a_reply_sender(database, mailer, clock)
    await mailer.close()


def last_case(case: Case, end: str) -> Case:
    """The case as it ends."""
    changes: dict[str, dict[str, Any]] = {
        "no": {"may_contact": False},
        "nothing": {"may_contact": None},
        "another cause": {"cause": "other"},
        "open again": {"state": "assigned", "stage": "reopened", "closed_at": None},
    }
    return replace(case, version=case.version + 1, **changes.get(end, {}))


def said(database: Database, name: str, end: str) -> Step | None:
    """What the customer does by the link of a mail."""
    customer = a_customer(name)
    if end == "unsubscribed":
        return lambda: say_no(database, customer)
    if end in {"paused", "no mail"}:
        choice = (
            PreferenceChoice("pause", 6) if end == "paused" else PreferenceChoice("channel", None, "mail")
        )
        return lambda: choose_preference(database, customer, choice)
    return None


def versions_of(action: Improvement, *, stays: bool) -> list[Improvement]:
    """The action before it was published, published, and as it ends."""
    draft = replace(action, version=4, status="doing", done=None, texts={}, published_at=None)
    end: dict[str, Any] = {} if stays else {"texts": {}, "published_at": None}
    return [draft, action, replace(action, version=6, **end)]


@given(ends=st.lists(st.sampled_from(ENDS), min_size=1, max_size=3), stays=st.booleans(), data=st.data())
@settings(
    max_examples=examples(20),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to look for a shorter order takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_b40_in_whatever_order_cases_actions_and_opt_outs_come_the_same_people_are_told(
    database: Database, update_sender: Sender, ends: list[str], stays: bool, data: st.DataObject
) -> None:
    number = next(NUMBERS)
    cause, names = f"{CAUSE}.{number}", [f"c-{number}-{n}" for n in range(len(ends))]
    action = an_action(cause=cause)
    steps: list[Step] = [lambda: plan(database), lambda: plan(database)]
    for version in versions_of(action, stays=stays):
        steps.append(lambda version=version: publish(database, version))  # type: ignore[misc]
    for name, end in zip(names, ends, strict=True):
        await invite_customer(database, name)
        case = a_raising_case(await event_of_customer(database, name), name, cause=cause)
        for heard in (case, last_case(case, end), case):
            steps.append(lambda heard=heard: hear(database, heard))  # type: ignore[misc]
        if (no := said(database, name, end)) is not None:
            steps.append(no)
    for step in data.draw(st.permutations(steps)):
        await step()
    await plan(database)
    await send_all(database, update_sender, most=len(names) + 1)
    sent = await rows(
        database, "SELECT person FROM case_mail WHERE improvement_id = :id AND state = 'sent'", id=action.id
    )
    told = {person(name) for name, end in zip(names, ends, strict=True) if end == "yes" and stays}
    assert sorted(row.person for row in sent) == sorted(told)
