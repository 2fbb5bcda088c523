"""Which answers may be a machine's, what counts of them, and what a reader of an earlier version sees of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.collector.domain import (
    LinkTarget,
    SubmittedAnswer,
    amended,
    answer_after,
    clicked_answer,
    link_status,
)
from services.collector.forms import PageNonce, read_form
from services.collector.suspicion import JUDGEMENTS, SIGNS, Post, is_held, published, restored, signs_of
from services.collector.visits import EARLY, Mails, visit_class
from shared.events import ANSWERS, Answer
from shared.events.answers import MachineSign

from .test_domain import TENANT, a_target

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def a_post(**changes: Any) -> Post:
    """A person's without a script, a quarter of an hour after the mail."""
    fields: dict[str, Any] = {
        "agent": "Mozilla/5.0 (iPhone)",
        "trapped": False,
        "touched": None,
        "is_timed": True,
        "rendered_at": NOW - timedelta(seconds=30),
        "mails": Mails(NOW - timedelta(minutes=15)),
    }
    return Post(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "signs"),
    [
        ({}, ()),
        ({"trapped": True}, ("honeypot",)),
        ({"agent": "Barracuda Sentinel"}, ("agent",)),
        ({"touched": False}, ("untouched",)),
        ({"mails": Mails(NOW - EARLY)}, ()),
        ({"mails": Mails(NOW - EARLY + timedelta(milliseconds=1))}, ("early",)),
        ({"mails": Mails(NOW + timedelta(seconds=1))}, ("early",)),
        ({"rendered_at": NOW - timedelta(seconds=1)}, ("fast",)),
        ({"rendered_at": NOW - timedelta(seconds=2)}, ()),
        ({"rendered_at": None}, ()),
        ({"rendered_at": NOW, "mails": Mails(NOW), "touched": True}, ()),
        ({"rendered_at": NOW, "mails": Mails(NOW), "is_timed": False}, ()),
        ({"rendered_at": NOW, "mails": Mails(NOW), "trapped": True, "touched": True}, ("honeypot",)),
        ({"rendered_at": NOW, "mails": Mails(NOW), "touched": False}, ("untouched", "early", "fast")),
    ],
)
def test_b17_and_b19_each_sign_is_found_and_a_hand_outweighs_the_time(
    changes: dict[str, Any], signs: tuple[MachineSign, ...]
) -> None:
    assert signs_of(a_post(**changes), NOW) == signs


def test_visits_are_a_bots_by_their_flag_and_suspect_before_anybody_had_the_mail() -> None:
    assert visit_class("scores", NOW, Mails(NOW - timedelta(days=1))) == "bot"
    assert visit_class(None, NOW, Mails(NOW - EARLY / 2)) == "suspect"
    assert visit_class(None, NOW, Mails(NOW - EARLY)) == "human"
    assert visit_class(None, NOW, None) == "human"


@given(st.dictionaries(st.sampled_from(["touched", "website"]), st.text()))
def test_a_form_tells_a_hand_a_trap_and_whether_it_has_the_field(fields: dict[str, str]) -> None:
    form = read_form(fields, ["en"], "en")
    assert form.is_timed == ("touched" in fields)
    assert form.touched is {"1": True, "0": False}.get(fields.get("touched", "").replace("\0", "").strip())
    assert form.trapped == bool(fields.get("website", "").replace("\0", "").strip())


@pytest.mark.parametrize("nonce", ["", "x.y", "-1.z", "9" * 12 + ".a", "²." + "a" * 32])
def test_a_nonce_that_says_no_time_has_none(nonce: str) -> None:
    assert PageNonce("secret").made_at(nonce) is None


def test_a_nonce_says_when_its_page_was_made() -> None:
    nonces = PageNonce("a secret of the tests")
    assert nonces.made_at(nonces.make(a_target().invitation.id, NOW + timedelta(milliseconds=900))) == NOW


# What people and machines do to one link, and what colleagues say of it.
steps = st.lists(
    st.tuples(st.sampled_from(["person", "machine"]), st.integers(0, 10))
    | st.tuples(st.just("judge"), st.sampled_from(JUDGEMENTS)),
    max_size=8,
)


@given(steps)
def test_b18_what_a_person_gave_last_counts_and_of_machines_what_somebody_judged_a_persons(
    taken: list[tuple[str, Any]],
) -> None:
    """The model: the score that counts, and the one that is held, are known from the words alone."""
    target, now = a_target(), NOW
    answer: Answer | None = None
    counted: int | None = None
    held: int | None = None
    days: list[date] = []
    for n, (what, value) in enumerate(taken):
        now = NOW + timedelta(days=n)
        if what == "judge":
            if answer is not None and answer.signs:
                answer = amended(answer, replace(answer, judgement=value), now)
                stands = counted if counted is not None else held
                counted, held = (stands, None) if value == "human" else (None, stands)
        else:
            signs: tuple[MachineSign, ...] = () if what == "person" else ("early",)
            submitted = SubmittedAnswer(value, "en", sent=True)
            answer = (
                answer_after(LinkTarget(TENANT, target.invitation, None, answer), submitted, now, None, signs)
                or answer
            )
            if what == "person":
                if counted is None:
                    days = [now.date()]
                counted, held = value, None
            elif counted is None:
                if held is None:
                    days = [now.date()]
                held = value
        if answer is None:
            continue
        assert is_held(answer) == (held is not None)
        event = published(answer)
        assert event.score == counted
        assert (event.held.score if event.held else None) == held
        assert [answer.day] == days
        assert restored(event) == answer


held_answers = st.builds(
    lambda signs, judgement, state: replace(
        clicked_answer(a_target().invitation, NOW),
        signs=tuple(signs),
        judgement=judgement,
        state=state,
        score=0,
        comment="Sold!",
        may_contact=True,
        day=NOW.date(),
        answered_at=NOW,
    ),
    st.lists(st.sampled_from(SIGNS), min_size=1, unique=True),
    st.sampled_from([None, "machine"]),
    st.sampled_from(["saved", "sent"]),
)


@given(held_answers)
def test_an_earlier_version_takes_a_held_answer_for_a_followed_link(answer: Answer) -> None:
    event = ANSWERS.decode(ANSWERS.encode(ANSWERS.event("acme", published(answer), NOW))).data
    known = msgspec.to_builtins(event)
    for new in ("signs", "judgement", "held"):
        del known[new]
    assert known["state"] == "clicked"
    for empty in ("score", "comment", "follow_up", "may_contact", "day", "answered_at"):
        assert known[empty] is None
    assert known["replies"] == ()
    assert restored(event) == answer


def test_a_machine_that_answered_first_takes_no_time_from_the_person() -> None:
    target = a_target()
    submitted = SubmittedAnswer(0, "en", sent=True)
    answer = answer_after(target, submitted, NOW, None, ("honeypot",))
    assert answer is not None
    by_machine = LinkTarget(TENANT, target.invitation, None, answer)
    last = target.invitation.expires_at - timedelta(seconds=1)
    assert link_status(target.invitation.id, by_machine, last) == "open"
    assert link_status(target.invitation.id, by_machine, last + timedelta(seconds=1)) == "gone"
    person = LinkTarget(TENANT, target.invitation, None, replace(answer, signs=()))
    assert person.amendable_until == NOW + timedelta(hours=48)
