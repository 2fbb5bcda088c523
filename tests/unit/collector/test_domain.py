"""What an answer becomes, whatever is submitted in whatever order."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.collector.domain import (
    InvitationReplica,
    LinkTarget,
    SubmittedAnswer,
    answer_after,
    clicked_answer,
    link_status,
)
from shared.events import Answer, FollowUp, Survey, SurveyTexts, Tenant
from shared.events.nps import group_of
from shared.ids import ID_NAMESPACE, uuid7

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TENANT = Tenant(id="acme", version=1, name="Acme", time_zone="Europe/Copenhagen", country="DK")


def a_target(answer: Answer | None = None, survey: Survey | None = None, **changed: Any) -> LinkTarget:
    fields: dict[str, Any] = {
        "id": uuid7(), "state": "sent", "survey_id": uuid7(), "survey_version": 1, "measurement": "transactional",
        "language": "en", "test": False, "customer_id": "c-17", "event_id": uuid7(), "touchpoint": None,
        "segments": {}, "organisation": (), "invited_at": NOW, "expires_at": NOW + timedelta(days=30),
    }  # fmt: skip
    return LinkTarget(TENANT, InvitationReplica(**{**fields, **changed}), survey, answer)


@pytest.mark.parametrize(
    ("score", "group"),
    [(0, "detractor"), (6, "detractor"), (7, "passive"), (8, "passive"), (9, "promoter"), (10, "promoter")],
)
def test_the_group_is_by_bains_bounds(score: int, group: str) -> None:
    assert group_of(score) == group


submissions = st.builds(
    SubmittedAnswer,
    score=st.integers(0, 10),
    language=st.sampled_from(["en", "da"]),
    sent=st.booleans(),
    comment=st.none() | st.text(max_size=5),
    may_contact=st.none() | st.booleans(),
)


@given(st.lists(st.tuples(submissions, st.timedeltas(timedelta(seconds=-2), timedelta(hours=5))), min_size=1))
def test_however_often_it_is_amended_versions_count_up_and_the_first_time_and_day_stay(
    steps: list[tuple[SubmittedAnswer, timedelta]],
) -> None:
    now, answer = NOW, None
    invitation = a_target().invitation
    kept: list[Answer] = []
    for submitted, later in steps:
        now += later
        new = answer_after(LinkTarget(TENANT, invitation, None, answer), submitted, now)
        if new is not None:
            kept.append(new)
            answer = new
    assert [answer.version for answer in kept] == list(range(1, len(kept) + 1))
    assert len({(answer.day, answer.answered_at) for answer in kept}) == 1
    assert kept[-1].score == steps[-1][0].score
    assert [answer.changed_at for answer in kept] == sorted(answer.changed_at for answer in kept)
    states = [answer.state for answer in kept]
    assert states == sorted(states)  # saved, then sent, never back


def test_the_same_again_is_nothing_new() -> None:
    submitted = SubmittedAnswer(score=3, language="en", sent=True, comment="Late")
    answer = answer_after(a_target(), submitted, NOW)
    assert answer is not None
    assert answer_after(a_target(answer), submitted, NOW + timedelta(hours=1)) is None


def test_the_follow_up_belongs_to_the_question_of_its_outcome() -> None:
    survey = Survey(
        id=uuid7(), survey_version=1, version=1, name="x", measurement="transactional", trigger="x", state="live",
        test=False, stopped=False, changed_at=NOW,
        texts={"en": SurveyTexts(follow_up=FollowUp(detractor="What went wrong?"))},
    )  # fmt: skip
    unhappy = answer_after(
        a_target(survey=survey), SubmittedAnswer(3, "en", sent=True, follow_up="All of it"), NOW
    )
    assert unhappy is not None
    assert (unhappy.follow_up_question, unhappy.follow_up) == ("What went wrong?", "All of it")
    for submitted in (
        SubmittedAnswer(9, "en", sent=True, follow_up="x"),
        SubmittedAnswer(3, "da", sent=True, follow_up="x"),
    ):
        other = answer_after(a_target(survey=survey), submitted, NOW)
        assert other is not None
        assert (other.follow_up_question, other.follow_up) == (None, None)


def test_a_click_has_no_score_no_day_and_no_time() -> None:
    answer = clicked_answer(a_target().invitation, NOW)
    assert (answer.score, answer.day, answer.answered_at, answer.state) == (None, None, None, "clicked")


@given(st.integers(0, 10 * 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)))
def test_the_day_is_the_tenants(now: datetime) -> None:
    answer = answer_after(a_target(), SubmittedAnswer(3, "en"), now)
    assert answer is not None
    assert answer.day == now.astimezone(ZoneInfo("Europe/Copenhagen")).date()


def test_the_day_of_a_night_at_the_change_of_clocks() -> None:
    for at, day in (
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26)),
    ):
        answer = answer_after(a_target(), SubmittedAnswer(3, "en"), at)
        assert answer is not None
        assert answer.day == day


def a_survey(edit_hours: int) -> Survey:
    return Survey(
        id=uuid7(), survey_version=1, version=1, name="S", measurement="transactional", trigger="order",
        state="live", test=False, stopped=False, changed_at=NOW, edit_hours=edit_hours,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("survey", "hours"),
    [(None, 48), (a_survey(48), 48), (a_survey(1), 1), (a_survey(720), 720), (a_survey(0), 48)],
)
def test_a_link_is_open_until_it_expires_or_the_survey_s_hours_after_the_first_score(
    survey: Survey | None, hours: int
) -> None:
    """An answer that is final when it is sent may be sent, and is shown, for as long as others by default."""
    fresh = a_target(survey=survey)
    assert link_status(fresh.invitation.id, fresh, NOW) == "open"
    assert link_status(fresh.invitation.id, fresh, fresh.invitation.expires_at) == "gone"
    answer = answer_after(fresh, SubmittedAnswer(3, "en"), NOW)
    done, until = a_target(answer, survey), NOW + timedelta(hours=hours)
    assert link_status(done.invitation.id, done, until - timedelta(microseconds=1)) == "open"
    assert link_status(done.invitation.id, done, until) == "gone"


@pytest.mark.parametrize(
    ("edit_hours", "sent", "final"), [(0, True, True), (0, False, False), (1, True, False)]
)
def test_an_answer_without_a_time_to_change_it_is_final_once_it_is_sent(
    edit_hours: int, sent: bool, final: bool
) -> None:
    answer = answer_after(a_target(), SubmittedAnswer(3, "en", sent=sent), NOW)
    assert a_target(answer, a_survey(edit_hours)).is_final == final
    assert not a_target(survey=a_survey(edit_hours)).is_final


@pytest.mark.parametrize("state", ["dropped", "withheld"])
def test_what_was_never_sent_cannot_be_answered(state: str) -> None:
    dead = a_target(state=state)
    assert link_status(dead.invitation.id, dead, NOW) == "gone"


def test_a_link_of_ours_may_be_ahead_of_its_invitation_for_two_weeks() -> None:
    made = uuid7()
    now = datetime.now(UTC)
    assert link_status(made, None, now + timedelta(days=13)) == "unknown"
    assert link_status(made, None, now + timedelta(days=15)) == "gone"
    assert link_status(uuid5(ID_NAMESPACE, "no time in it"), None, now) == "unknown"


def test_ids_are_of_the_invitation() -> None:
    here = a_target()
    answer = answer_after(here, SubmittedAnswer(3, "en"), NOW)
    assert answer is not None
    assert isinstance(answer.id, UUID)
    assert answer.id == here.invitation.id
