"""How an answer was given: the layout of its page, its channel, and how long it took."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.collector.anonymous import anonymous_answer_after, target_of_nobody
from services.collector.domain import LinkTarget, SubmittedAnswer, answer_after
from services.collector.forms import LAYOUTS, read_form
from services.collector.visits import EARLY, Mails, Visit, intent_after
from shared.events.surveys import Layout
from shared.ids import uuid7

from .test_domain import NOW, TENANT, a_target

layouts = st.none() | st.sampled_from(LAYOUTS)


@given(
    steps=st.lists(st.tuples(st.integers(0, 10), layouts, st.integers(0, 300)), min_size=1, max_size=6),
    opened=st.none() | st.integers(-5, 10_000),
)
def test_the_layout_is_that_of_the_last_page_that_said_it_and_the_time_that_of_the_first_score(
    steps: list[tuple[int, Layout | None, int]], opened: int | None
) -> None:
    opened_at = NOW - timedelta(seconds=opened) if opened is not None else None
    now, answer, said = NOW, None, None
    invitation = a_target().invitation
    for score, layout, later in steps:
        now += timedelta(seconds=later)
        submitted = SubmittedAnswer(score, "en", layout=layout)
        answer = (
            answer_after(LinkTarget(TENANT, invitation, None, answer), submitted, now, opened_at) or answer
        )
        said = layout or said
        assert answer is not None
        assert (answer.layout, answer.channel) == (said, "mail")
        assert answer.seconds_to_score == (None if opened is None else max(0, opened + steps[0][2]))


@given(st.text() | st.sampled_from(LAYOUTS))
def test_a_form_has_a_known_layout_or_none(typed: str) -> None:
    layout = read_form({"layout": typed}, ["en"], "en").layout
    assert layout == (typed.strip() if typed.strip() in LAYOUTS else None)


MAILED = NOW - timedelta(hours=1)


def test_the_time_of_a_link_that_a_machine_followed_is_not_known() -> None:
    intent = intent_after(None, Visit(None, "Mozilla/5.0", trapped=False), NOW)
    assert intent.opened_at(Mails(MAILED)) == NOW
    later = intent_after(intent, Visit(3, "Mozilla/5.0", trapped=False), NOW + timedelta(minutes=1))
    assert later.opened_at(Mails(MAILED)) == NOW
    scanned = intent_after(later, Visit(3, "Barracuda", trapped=False), NOW + timedelta(minutes=2))
    assert scanned.opened_at(Mails(MAILED)) is None
    assert later.opened_at(Mails(NOW - EARLY / 2)) is None


def test_an_anonymous_answer_has_its_layout_and_neither_channel_nor_time() -> None:
    target = target_of_nobody(a_target(), uuid7(), None, NOW)
    answer = anonymous_answer_after(target, SubmittedAnswer(3, "en", layout="vertical"), NOW, final=True)
    assert answer is not None
    assert (answer.layout, answer.channel, answer.seconds_to_score) == ("vertical", None, None)


def test_an_answer_has_the_draw_of_its_invitation_and_an_anonymous_one_none() -> None:
    target = a_target()
    drawn = replace(target.invitation, drawn_percent=20, beyond_draw=True)
    answer = answer_after(LinkTarget(TENANT, drawn, None, None), SubmittedAnswer(3, "en"), NOW)
    assert answer is not None
    assert (answer.drawn_percent, answer.beyond_draw) == (20, True)
    nobody = target_of_nobody(LinkTarget(TENANT, drawn, None, None), uuid7(), None, NOW)
    anonymous = anonymous_answer_after(nobody, SubmittedAnswer(3, "en"), NOW, final=True)
    assert anonymous is not None
    assert anonymous.drawn_percent is None


def test_no_time_is_kept_where_a_machine_may_have_given_the_first_score() -> None:
    invitation = a_target().invitation
    opened_at = NOW - timedelta(minutes=1)
    submitted = SubmittedAnswer(0, "en", sent=True)
    held = answer_after(LinkTarget(TENANT, invitation, None, None), submitted, NOW, opened_at, ("fast",))
    assert held is not None
    assert held.seconds_to_score is None
    target = LinkTarget(TENANT, invitation, None, held)
    assert not target.is_untouched
    answer = answer_after(target, SubmittedAnswer(9, "en"), NOW + timedelta(days=2))
    assert answer is not None
    assert answer.seconds_to_score is None


@given(steps=st.lists(st.tuples(st.none() | st.booleans(), st.booleans()), min_size=1, max_size=6))
def test_the_network_is_that_of_the_first_score_of_a_person_and_of_no_machine(
    steps: list[tuple[bool | None, bool]],
) -> None:
    """Each step with its network, and whether it has the sign of a machine."""
    invitation, answer = a_target().invitation, None
    first: list[bool | None] = []
    for score, (inside, is_machine) in enumerate(steps):
        submitted = SubmittedAnswer(score, "en", staff_network=inside)
        target = LinkTarget(TENANT, invitation, None, answer)
        answer = answer_after(target, submitted, NOW, None, ("fast",) if is_machine else ()) or answer
        if not is_machine:
            first = first or [inside]
        assert answer is not None
        assert answer.staff_network == (first[0] if first else None)


def test_an_anonymous_answer_keeps_no_network() -> None:
    target = target_of_nobody(a_target(), uuid7(), None, NOW)
    answer = anonymous_answer_after(target, SubmittedAnswer(3, "en"), NOW, final=True)
    assert answer is not None
    assert answer.staff_network is None
