"""The rules of what becomes of a mail, and of the stream of all mails, after each outcome."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mail import Away, Blocked, Deferred, Delivered, Outcome, Rejected, Unknown, mailer
from shared.outbound import LEASE_DURATION
from shared.outbound.outcome_rules import (
    MAX_PROBE_INTERVAL,
    MAX_REFUSALS,
    MailResult,
    MailStream,
    mail_result,
    retry_at,
)
from shared.outbound.sender import MAX_SEND_TIME

NOW = datetime(2026, 11, 28, tzinfo=UTC)
UNCLEAR, OURS = Blocked("policy", certain=False), Blocked("quota", certain=True)


def mail(number: int) -> UUID:
    return uuid5(UUID(int=0), str(number))


def played(
    *events: tuple[int, Outcome], most_tries: int | None = None
) -> tuple[MailStream, dict[int, list[MailResult]]]:
    """Each mail meets its outcomes in this order, a minute apart."""
    stream, now = MailStream(), NOW
    fates: dict[int, list[MailResult]] = {}
    for number, outcome in events:
        own = fates.setdefault(number, [])
        before, stream = stream, stream.after(outcome, mail(number), now)
        own.append(
            mail_result(
                outcome,
                mail(number),
                tries=sum(one.tried for one in own),
                refusals=sum(one.refused for one in own),
                most_tries=most_tries,
                before=before,
                after=stream,
                now=now,
            )
        )
        now += timedelta(minutes=1)
    return stream, fates


def test_a_mail_is_tried_again_later_and_later_but_at_least_every_four_hours() -> None:
    waits = [retry_at(tries, NOW) - NOW for tries in range(1, 9)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] == timedelta(hours=4)


def test_a_lease_outlasts_the_longest_dialogue() -> None:
    longest = mailer.ENVELOPE_TIMEOUT_S + mailer.DATA_COMMAND_TIMEOUT_S + mailer.DATA_TIMEOUT_S
    assert timedelta(seconds=longest) < MAX_SEND_TIME < LEASE_DURATION


@pytest.mark.parametrize("outcome", [Away("away"), OURS])
def test_what_is_our_fault_stops_the_stream_and_costs_no_try(outcome: Away | Blocked) -> None:
    stream, fates = played(*((number, outcome) for number in range(20)), most_tries=2)
    assert stream.stopped_at == NOW
    assert stream.reason == outcome.reason
    assert {(one.state, one.tried) for own in fates.values() for one in own} == {("waiting", False)}


@pytest.mark.parametrize("outcome", [Delivered(), Rejected("nobody", 550), Deferred("busy")])
def test_the_stream_goes_on_when_a_mail_is_accepted_or_its_own_mailbox_refuses_it(outcome: Outcome) -> None:
    stream, _ = played((1, Away("away")), (2, outcome))
    assert stream.stopped_at is None
    assert stream.may_try(NOW)


def test_a_mail_that_alone_is_refused_delays_no_other_and_has_failed_after_its_tries() -> None:
    events = [
        event for number in range(MAX_REFUSALS) for event in ((1, UNCLEAR), (100 + number, Delivered()))
    ]
    stream, fates = played(*events)
    assert stream == MailStream()
    assert [one.state for one in fates[1]] == ["waiting"] * (MAX_REFUSALS - 1) + ["failed"]


def test_a_mailbox_that_was_not_ready_has_all_its_refusals_left_and_the_other_way_round() -> None:
    refusals = [
        event for number in range(MAX_REFUSALS - 1) for event in ((1, UNCLEAR), (100 + number, Delivered()))
    ]
    _, fates = played(*((1, Deferred("busy")) for _ in range(4)), *refusals, most_tries=6)
    assert {one.state for one in fates[1]} == {"waiting"}
    _, fates = played(*refusals, *((1, Deferred("busy")) for _ in range(5)), most_tries=6)
    assert {one.state for one in fates[1]} == {"waiting"}


def test_when_all_are_refused_alike_the_stream_stops_at_the_third_and_no_mail_fails() -> None:
    stream, fates = played(*((number % 7, UNCLEAR) for number in range(200)))
    assert stream.stopped_at == NOW + timedelta(minutes=2)
    assert {one.state for own in fates.values() for one in own} == {"waiting"}
    assert max(sum(one.tried for one in own) for own in fates.values()) == 1


def test_a_mail_fails_by_no_refusals_while_no_other_is_accepted() -> None:
    stream, fates = played(*((1, UNCLEAR) for _ in range(50)))
    assert stream.stopped_at is None
    assert {one.state for one in fates[1]} == {"waiting"}
    assert fates[1][-1].next_at == NOW + timedelta(minutes=49 + 15)


def test_a_server_that_disconnects_after_data_does_not_make_every_mail_unknown() -> None:
    stream, fates = played(*((number, Unknown("broke")) for number in range(3)))
    assert {own[0].state for own in fates.values()} == {"unknown"}
    assert stream.stopped_at is not None


def test_a_refusal_of_a_destination_says_so_and_stops_no_other_mail() -> None:
    stream, fates = played((1, Deferred("busy", is_of_destination=True)), (2, Deferred("busy")))
    assert stream == MailStream()
    assert [own[0].destination_refuses for own in fates.values()] == [True, False]


def test_a_mailbox_that_is_never_ready_has_failed_after_most_tries() -> None:
    for most, state in ((3, "failed"), (None, "waiting")):
        _, fates = played(*((1, Deferred("busy")) for _ in range(3)), most_tries=most)
        assert fates[1][-1].state == state


@given(hours=st.floats(0, 500))
def test_after_an_outage_the_first_try_is_late_by_a_quarter_of_it_at_most(hours: float) -> None:
    stream, now, end = MailStream().after(Away("away"), mail(1), NOW), NOW, NOW + timedelta(hours=hours)
    while (now := stream.try_at or now) < end:
        stream = stream.after(Away("away"), mail(1), now)
    late = now - end
    assert late <= max(timedelta(seconds=1), min(MAX_PROBE_INTERVAL, (end - NOW) / 4))


outcomes = st.sampled_from(
    [Delivered(), Deferred("busy"), Rejected("nobody", 550), Away("away"), OURS, UNCLEAR, Unknown("broke")]
)


@given(events=st.lists(st.tuples(st.integers(0, 5), outcomes), max_size=60))
def test_a_mail_fails_by_its_own_mailbox_or_while_others_are_accepted_and_by_nothing_else(
    events: list[tuple[int, Outcome]],
) -> None:
    _, fates = played(*events)
    for number, own in fates.items():
        met = [outcome for who, outcome in events if who == number]
        assert sum(one.refused for one in own) <= MAX_REFUSALS
        for at, one in enumerate(own):
            if one.state != "failed" or isinstance(met[at], Rejected):
                continue
            assert met[at] == UNCLEAR
            taken = [who for who, outcome in events if outcome == Delivered()]
            assert len(taken) >= MAX_REFUSALS - 1
            assert sum(met_one == UNCLEAR for met_one in met[: at + 1]) >= MAX_REFUSALS
