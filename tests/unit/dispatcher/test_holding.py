"""The holding time of a survey: until its mail has left, the most valuable event wins: the rules alone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from support.dispatcher_builders import a_transaction

from services.dispatcher.decisions.domain import decide
from services.dispatcher.decisions.giving_way import outranked_surveys
from services.dispatcher.decisions.hours import ContactHours
from services.dispatcher.decisions.leaving import leaving
from services.dispatcher.decisions.sampling import NO_DRAW, Draw
from services.dispatcher.decisions.scopes import Asked
from services.dispatcher.decisions.values import CandidateSurvey, Person, Replaced, Verdict
from shared.conditions.event_fields import EventFields
from shared.events import QuietHours
from shared.events.surveys import QuarantineScope

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SCOPES: tuple[QuarantineScope, ...] = ("any", "measurement", "touchpoint", "survey")
CALL, EARLIER, WAVE = UUID(int=101), UUID(int=102), UUID(int=103)


def survey(number: int, **rules: Any) -> CandidateSurvey:
    own = {"trigger": "never", "state": "live", "delay_minutes": 0, "survey_version": 1, "max_age_days": 365}
    return CandidateSurvey(id=UUID(int=number), name=f"survey {number}", place=number, **{**own, **rules})


DELIVERY = survey(1, trigger="order.delivered")
HELD = survey(2, trigger="call", holding_minutes=600)
SURVEYS = (DELIVERY, HELD)


def waits(of: CandidateSurvey = HELD, at: datetime = NOW + 5 * HOUR, about: UUID | None = CALL) -> Asked:
    return Asked(at, False, of.measurement, of.touchpoint, of.id, about)


def asked(*mails: Asked, **changes: Any) -> Person:
    last = max((each.at for each in mails), default=None)
    return Person(address="good", asked=mails, invited_at=last, **changes)


def verdict(
    person: Person,
    surveys: tuple[CandidateSurvey, ...] = SURVEYS,
    event_type: str = "order.delivered",
    **changes: Any,
) -> Verdict:
    given = {
        "event_type": event_type,
        "occurred_at": NOW,
        "now": NOW,
        "surveys": surveys,
        "person": person,
        "mode": "live",
        "fields": EventFields(a_transaction()),
        "draws": lambda _: NO_DRAW,
    }
    return decide(**{**given, **changes})


minutes = st.integers(0, 3 * 1440)


@given(delay=minutes, holding=minutes, waited=minutes, test_address=st.booleans())
def test_a_mail_leaves_when_delay_and_holding_time_are_over_and_never_in_the_past(
    delay: int, holding: int, waited: int, test_address: bool
) -> None:
    rules, now = survey(1, delay_minutes=delay, holding_minutes=holding), NOW + timedelta(minutes=waited)
    person = Person(address="good", test_address=test_address)
    wait = timedelta(minutes=0 if test_address else max(delay, holding, waited))
    leaves = leaving(rules, NOW if not test_address else now, now, person)
    assert leaves.held_until == (now if test_address else NOW + wait)


@given(delay=minutes, holding=minutes)
def test_it_is_explained_as_held_where_the_holding_time_ends_later_than_the_delay(
    delay: int, holding: int
) -> None:
    rules = survey(1, trigger="call", delay_minutes=delay, holding_minutes=holding)
    found = verdict(asked(), (rules,), "call")
    is_held = holding > delay
    assert found.due_at == NOW + timedelta(minutes=max(delay, holding))
    assert found.held_by == (("holding",) if is_held else ())
    assert found.wanted_at == (NOW + timedelta(minutes=delay) if is_held else None)


def test_quiet_hours_hold_what_the_holding_time_has_held() -> None:
    nights = ContactHours(quiet=QuietHours(start="21:00", end="07:00"))
    found = verdict(asked(hours=nights), event_type="call")
    assert (found.due_at, found.held_by) == (NOW + 19 * HOUR, ("holding", "quiet_hours"))


def test_an_events_own_delay_ends_no_holding_time() -> None:
    found = verdict(asked(), event_type="call", delay_minutes=0)
    assert (found.due_at, found.held_by) == (NOW + 10 * HOUR, ("holding",))


def test_a_test_address_waits_for_nothing() -> None:
    found = verdict(asked(test_address=True), event_type="call")
    assert (found.due_at, found.held_by, found.wanted_at) == (NOW, (), None)


def test_a_relational_survey_has_no_holding_time_whatever_is_stored() -> None:
    relation = replace(HELD, measurement="relational")
    assert verdict(asked(), (relation,), "call").due_at == NOW
    assert outranked_surveys(DELIVERY, (DELIVERY, relation)) == frozenset()


def test_what_would_be_too_old_after_its_holding_time_is_not_asked_about() -> None:
    found = verdict(asked(), (replace(HELD, max_age_days=1, holding_minutes=1441),), "call")
    assert found.reason == "too_old"


class TestGivingWay:
    @pytest.mark.parametrize("scope", SCOPES[:3])
    def test_a_mail_that_waits_gives_way_in_each_scope_that_counts_it(self, scope: QuarantineScope) -> None:
        first = replace(DELIVERY, quarantine_scope=scope)
        found = verdict(asked(waits()), (first, HELD))
        assert (found.reason, found.replaces) == ("invited", (Replaced(CALL, "outranked"),))

    def test_it_gives_way_where_the_cap_alone_forbids_the_other(self) -> None:
        first = replace(DELIVERY, quarantine_days=0)
        found = verdict(asked(waits(), cap_hours=24), (first, HELD))
        assert (found.reason, found.replaces) == ("invited", (Replaced(CALL, "outranked"),))

    def test_where_both_may_be_asked_nothing_is_dropped(self) -> None:
        first = replace(DELIVERY, quarantine_days=0)
        for person in (asked(waits()), asked(waits(at=NOW + DAY), cap_hours=24)):
            found = verdict(person, (first, HELD))
            assert (found.reason, found.replaces) == ("invited", ())
        own = replace(DELIVERY, quarantine_scope="survey")
        assert verdict(asked(waits()), (own, HELD)).replaces == ()

    def test_where_the_last_mail_is_far_enough_away_the_cap_forbids_nothing_and_nothing_is_dropped(
        self,
    ) -> None:
        last = waits(survey(3), NOW + 3 * DAY, EARLIER)
        first = replace(DELIVERY, quarantine_days=0)
        found = verdict(asked(waits(), last, cap_hours=24), (first, HELD))
        assert (found.reason, found.replaces) == ("invited", ())

    def test_one_that_does_not_forbid_it_stays_beside_one_that_does(self) -> None:
        about_repairs = survey(3, trigger="call", holding_minutes=60, touchpoint="repair")
        first = replace(DELIVERY, quarantine_scope="touchpoint")
        found = verdict(asked(waits(), waits(about_repairs, about=EARLIER)), (first, HELD, about_repairs))
        assert (found.reason, found.replaces) == ("invited", (Replaced(CALL, "outranked"),))

    def test_the_order_of_the_surveys_decides_and_not_their_numbers(self) -> None:
        found = verdict(asked(waits()), (HELD, DELIVERY))
        assert (found.reason, found.replaces) == ("quarantine", ())

    def test_a_survey_never_outranks_itself(self) -> None:
        found = verdict(asked(waits()), event_type="call")
        assert (found.reason, found.replaces) == ("quarantine", ())

    def test_without_a_holding_time_what_waits_stands(self) -> None:
        assert verdict(asked(waits()), (DELIVERY, replace(HELD, holding_minutes=0))).reason == "quarantine"

    def test_what_has_left_or_comes_from_elsewhere_stands(self) -> None:
        for stands in (waits(about=None), Asked(NOW - DAY, True, "transactional", None)):
            assert verdict(asked(stands)).reason == "quarantine"

    def test_nothing_is_dropped_where_the_other_is_not_asked_all_the_same(self) -> None:
        sent = waits(at=NOW - DAY, about=None)
        found = verdict(asked(waits(), sent))
        assert (found.reason, found.replaces) == ("quarantine", ())
        assert found.considered[0].asked_at == sent.at
        assert verdict(asked(waits()), draws=lambda _: Draw(drawn=False)).reason == "sampled_out"
        assert verdict(asked(waits(), opted_out=True)).replaces == ()

    def test_a_refused_survey_before_it_does_not_make_the_one_that_asks_worth_more(self) -> None:
        paused, last = replace(DELIVERY, state="paused"), survey(3, trigger="order.delivered")
        found = verdict(asked(waits()), (paused, HELD, last))
        assert (found.reason, found.replaces) == ("quarantine", ())

    def test_test_addresses_and_test_mode_displace_nothing(self) -> None:
        assert verdict(asked(waits(), test_address=True)).replaces == ()
        assert verdict(asked(waits()), mode="test").replaces == ()
        of_one = verdict(asked(waits(), test_address=True), test_of=DELIVERY.id)
        assert (of_one.reason, of_one.replaces) == ("invited", ())


class TestBesideRelationalSurveys:
    relation = survey(1, trigger="visit", measurement="relational")

    def test_of_one_day_the_relational_mail_stands_for_that_reason(self) -> None:
        found = verdict(asked(waits()), (self.relation, HELD), "visit")
        assert found.replaces == (Replaced(CALL, "relational_first"),)

    def test_on_another_day_the_distance_stands_before_the_order(self) -> None:
        person = asked(waits(at=NOW + 2 * DAY))
        found = verdict(replace(person, relational_distance_days=14), (self.relation, HELD), "visit")
        assert (found.reason, found.replaces) == ("relational_distance", ())
        found = verdict(person, (self.relation, HELD), "visit")
        assert (found.reason, found.replaces) == ("invited", (Replaced(CALL, "outranked"),))

    def test_a_relational_mail_of_that_day_forbids_the_more_valuable_event_too(self) -> None:
        wave = Asked(NOW + HOUR, False, "relational", None, UUID(int=9), WAVE)
        found = verdict(asked(waits(), wave))
        assert (found.reason, found.relational_event_id, found.replaces) == ("relational_first", WAVE, ())


@st.composite
def orders(draw: st.DrawFn) -> tuple[CandidateSurvey, ...]:
    """Four surveys, the second of which asks about the event."""
    return tuple(
        survey(
            number,
            trigger="order.delivered" if number == 2 else "never",
            quarantine_days=draw(st.integers(0, 4)),
            quarantine_scope=draw(st.sampled_from(SCOPES)),
            measurement=draw(st.sampled_from(("transactional", "transactional", "relational"))),
            touchpoint=draw(st.sampled_from((None, "repair"))),
            holding_minutes=draw(st.sampled_from((0, 60, 600))),
        )
        for number in range(1, 5)
    )


mails = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-120, 120), st.booleans()), max_size=5
)  # of which survey, in how many hours, whether it waits


@given(
    surveys=orders(), drawn=mails, cap_hours=st.sampled_from((0, 24)), distance=st.sampled_from((0, 2)),
)  # fmt: skip
def test_exactly_the_mails_give_way_without_which_it_may_be_asked(
    surveys: tuple[CandidateSurvey, ...], drawn: list[tuple[int, int, bool]], cap_hours: int, distance: int
) -> None:
    """By what is decided without holding times, of the same customer with fewer mails."""
    known = [
        waits(surveys[index], NOW + hours * HOUR, UUID(int=200 + number) if unsent else None)
        for number, (index, hours, unsent) in enumerate(drawn)
    ]
    rules: dict[str, Any] = {"cap_hours": cap_hours, "relational_distance_days": distance}
    # Both have the same due time: the one survey that asks here is itself without a holding time.
    surveys = tuple(replace(each, holding_minutes=0) if each.id.int == 2 else each for each in surveys)
    plain = tuple(replace(each, holding_minutes=0) for each in surveys)
    behind = {each.id for each in surveys[2:] if each.holding}
    found = verdict(asked(*known, **rules), surveys)
    before = verdict(asked(*known, **rules), plain)
    outranked = {each.event_id for each in found.replaces if each.reason == "outranked"}
    if before.reason not in {"quarantine", "cap"}:
        assert (found.reason, found.replaces) == (before.reason, before.replaces)
        return
    left = [each for each in known if each.unsent_about is None or each.unsent_about not in outranked]
    if found.reason == "invited":
        assert outranked
        assert {each.survey_id for each in known if each.unsent_about in outranked} <= behind
        assert verdict(asked(*left, **rules), plain).reason == "invited"
        for one in known:
            if one.unsent_about in outranked:
                alone = verdict(asked(one, **{**rules, "relational_distance_days": 0}), plain)
                assert alone.reason in {"quarantine", "cap"}
    else:
        assert found.replaces == ()
        none_behind = [each for each in known if each.unsent_about is None or each.survey_id not in behind]
        without = verdict(asked(*none_behind, **rules), plain)
        close = found.reason == "relational_distance" and surveys[1].measurement == "relational"
        assert without.reason != "invited" or close
