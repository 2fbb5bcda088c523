"""Numbers that were texted back, given by the dispatcher: each counts when it was said."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from shared.ids import uuid7
from shared.limits import TOPIC_RETENTION
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceTokens, claims_of_body

from .conftest import MINUTE, SECRET, Bench

HOUR = timedelta(hours=1)


async def say(bench: Bench, invitation: UUID, score: int, said_at: datetime | None) -> str | int:
    """Give a number to the collector, as the dispatcher does; what became of it, or the status."""
    said = {} if said_at is None else {"said_at": said_at}
    body = msgspec.json.encode({"invitation_id": invitation, "score": score, **said})
    token = ServiceTokens(SECRET, clock=lambda: bench.now).sign("text", "acme", claims_of_body(body))
    path, headers = (
        f"{PERSONAL_DATA_PATH}/collector/text-answers",
        {"authorization": f"{TOKEN_SCHEME} {token}"},
    )
    answered = await bench.client.post(path, content=body, headers=headers)
    return str(answered.json()["state"]) if answered.status_code == 200 else answered.status_code


async def test_a_number_that_is_taken_after_midnight_counts_on_the_day_on_which_it_was_said(
    bench: Bench,
) -> None:
    invitation = await bench.invite(channel="sms")
    said_at = bench.now + 10 * HOUR  # eleven in the evening in Copenhagen
    bench.now += 20 * HOUR
    assert await say(bench, invitation, 8, said_at) == "kept"
    (answer,) = await bench.published()
    assert (answer.answered_at, answer.changed_at, answer.day) == (said_at, said_at, date(2026, 11, 20))


async def test_a_number_that_was_said_before_the_link_ended_is_kept_after_it(bench: Bench) -> None:
    invitation = await bench.invite(channel="sms", expires_at=bench.now + HOUR)
    in_time, ended = bench.now + 59 * MINUTE, bench.now + HOUR
    bench.now += 2 * HOUR
    assert await say(bench, invitation, 3, ended) == "gone"
    assert await say(bench, invitation, 3, in_time) == "kept"
    assert [answer.score for answer in await bench.published()] == [3]


async def test_an_answer_that_was_given_later_stays(bench: Bench) -> None:
    invitation = await bench.invite(channel="sms")
    said_at = bench.now
    bench.now += HOUR
    await bench.submit(invitation, 6)
    assert await say(bench, invitation, 3, said_at) == "gone"
    assert [answer.score for answer in await bench.published()] == [6]


async def test_a_dispatcher_of_before_does_not_say_when_and_it_was_now(bench: Bench) -> None:
    invitation = await bench.invite(channel="sms")
    assert await say(bench, invitation, 9, None) == "kept"
    assert [answer.answered_at for answer in await bench.published()] == [bench.now]


async def test_an_invitation_that_never_comes_is_not_waited_for_for_ever(bench: Bench) -> None:
    invitation, said_at = uuid7(), bench.now
    assert await say(bench, invitation, 9, said_at) == 503
    bench.now += 2 * TOPIC_RETENTION
    assert await say(bench, invitation, 9, said_at) == "gone"
