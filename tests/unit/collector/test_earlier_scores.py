"""Which scores an answer says that it had before."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.collector.domain import (
    InvitationReplica,
    LinkTarget,
    SubmittedAnswer,
    amended,
    answer_after,
    clicked_answer,
)
from services.collector.imports import AnswerIn, ImportedNames, imported_answer
from services.collector.suspicion import published, restored
from shared.events import Answer, Tenant
from shared.events.answers import MAX_EARLIER_SCORES, EarlierScore, MachineSign
from shared.ids import uuid7
from shared.privacy.subjects import Subject, erase_event

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TENANT = Tenant(id="acme", version=1, name="Acme", time_zone="Europe/Copenhagen", country="DK")


def a_target(answer: Answer | None = None) -> LinkTarget:
    invitation = InvitationReplica(
        id=uuid7(),
        state="sent",
        survey_id=uuid7(),
        survey_version=1,
        measurement="transactional",
        language="en",
        test=False,
        customer_id="c-17",
        event_id=uuid7(),
        touchpoint=None,
        segments={},
        organisation=(),
        invited_at=NOW,
        expires_at=NOW + timedelta(days=30),
    )
    return LinkTarget(TENANT, invitation, None, answer)


def after(
    answer: Answer | None, score: int, at: datetime, comment: str | None = None, *signs: MachineSign
) -> Answer:
    """The answer after a form with this score and comment."""
    submitted = SubmittedAnswer(score, "en", comment=comment)
    found = answer_after(a_target(answer), submitted, at, None, signs) or answer
    assert found is not None
    return found


@given(
    st.lists(st.tuples(st.integers(0, 10), st.integers(0, 9), st.text(max_size=1)), min_size=1, max_size=60)
)
def test_each_score_that_stood_is_there_with_its_times_but_for_those_in_the_middle(
    steps: list[tuple[int, int, str]],
) -> None:
    answer, at, stood = None, NOW, list[tuple[int, datetime]]()
    for score, hours, comment in steps:
        at += hours * HOUR
        answer = after(answer, score, at, comment)
        if not stood or stood[-1][0] != score:
            stood.append((score, at))
    assert answer is not None
    expected = [
        EarlierScore(score=score, at=since, until=until) for (score, since), (_, until) in pairwise(stood)
    ]
    if len(expected) > MAX_EARLIER_SCORES:
        expected = [expected[0], *expected[-19:]]
    assert list(answer.earlier_scores) == expected
    assert restored(published(answer)) == answer


def test_a_text_a_sending_a_judgement_and_an_erasure_are_no_change_of_the_score() -> None:
    answer = after(after(None, 3, NOW), 8, NOW + HOUR)
    earlier = (EarlierScore(score=3, at=NOW, until=NOW + HOUR),)
    assert answer.earlier_scores == earlier
    for changed in (
        after(answer, 8, NOW + 2 * HOUR, "Better."),
        amended(answer, msgspec.structs.replace(answer, state="sent"), NOW + 2 * HOUR),
        amended(answer, erase_event(answer), NOW + 2 * HOUR),
    ):
        assert changed.version == answer.version + 1
        assert changed.earlier_scores == earlier


def test_what_a_machine_gave_was_never_a_score_of_the_person() -> None:
    held = after(None, 0, NOW, None, "honeypot")
    held_still = after(held, 1, NOW + HOUR, None, "honeypot")
    assert held_still.earlier_scores == ()
    person = after(held_still, 9, NOW + 2 * HOUR)
    assert (person.earlier_scores, person.answered_at) == ((), NOW + 2 * HOUR)
    judged = amended(held, msgspec.structs.replace(held, judgement="human"), NOW + HOUR)
    changed = after(judged, 7, NOW + 2 * HOUR)
    assert changed.earlier_scores == (EarlierScore(score=0, at=NOW, until=NOW + 2 * HOUR),)


def test_an_anonymous_answer_has_none() -> None:
    blank = msgspec.structs.replace(clicked_answer(a_target().invitation, NOW, version=0), anonymous=True)
    answer = after(after(blank, 3, NOW), 8, NOW + HOUR)
    assert answer.anonymous
    assert (answer.score, answer.earlier_scores) == (8, ())


def test_an_import_with_another_score_keeps_the_one_before_and_the_same_again_is_nothing() -> None:
    id_, given_at = uuid7(), NOW - timedelta(days=400)
    names, subject = ImportedNames("c-1", None), Subject("acme", "p", None)

    def imported(score: int, old: Answer | None, at: datetime) -> Answer | None:
        item = AnswerIn(id="o-1", score=score, answered_at=given_at)
        return imported_answer(id_, ZoneInfo("UTC"), item, names, subject, False, old, at)

    first = imported(4, None, NOW)
    assert first is not None
    second = imported(9, first, NOW + HOUR)
    assert second is not None
    assert second.earlier_scores == (EarlierScore(score=4, at=given_at, until=NOW + HOUR),)
    assert imported(9, second, NOW + 2 * HOUR) is None
