"""More than ten cases of one segment in ten minutes are one incident, as a counter of every span says, too."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from services.alerts.incidents.domain import (
    CountedCase,
    CountResult,
    GoingOn,
    Incident,
    IncidentCount,
    IncidentPolicy,
    may_be_crowded,
    of_places,
    runs_until,
)
from shared.events import People, is_person

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
POLICY = IncidentPolicy()
SMALL = IncidentPolicy(most_cases=2, few=1)
DELIVERY, DENMARK, SALES = "touchpoint:delivery", "country:DK", "organisation:north/sales"
USUAL = {DENMARK: 900, DELIVERY: 40, SALES: 12, "organisation:north": 90}


def a_case(number: int, minutes: float, *segments: str) -> CountedCase:
    at = NOW + timedelta(minutes=minutes)
    return of_places(People(), CountedCase("havnbo", UUID(int=number), at, ("", *segments)))


def one_by_one(policy: IncidentPolicy, cases: Sequence[CountedCase]) -> CountResult:
    """As transactions of one case each count them, in this order."""
    all_opened, members, until = list[Incident](), dict[UUID, UUID](), dict[UUID, datetime]()
    seen: list[CountedCase] = []
    for case in cases:
        before = [one for one in seen if one.case_id not in members]
        going_on = [_as_stored(policy, one, until[one.id], seen, members) for one in all_opened]
        found = IncidentCount(policy, going_on, before, {}).count([case], NOW)
        all_opened += found.opened
        members |= found.members
        until |= found.run_until
        seen.append(case)
    return CountResult(all_opened, members, until)


def _as_stored(
    policy: IncidentPolicy,
    incident: Incident,
    until: datetime,
    seen: Sequence[CountedCase],
    members: Mapping[UUID, UUID],
) -> GoingOn:
    """As a transaction reads it: with the times of its last minutes alone."""
    times = [one.said_at for one in seen if members.get(one.case_id) == incident.id]
    last = [at for at in times if at >= until - policy.few_within]
    return GoingOn(policy, structs.replace(incident, runs_until=until), last)


def test_ten_cases_in_ten_minutes_are_none_and_the_eleventh_opens_one_with_all_of_them() -> None:
    ten = [a_case(n, n, DELIVERY) for n in range(10)]
    assert one_by_one(POLICY, ten) == CountResult([], {}, {})
    found = one_by_one(POLICY, [*ten, a_case(10, 10, DELIVERY)])
    (incident,) = found.opened
    assert (incident.segment, incident.case_id, incident.began_at) == (DELIVERY, UUID(int=10), NOW)
    assert len(found.members) == 11
    late = one_by_one(POLICY, [*ten, a_case(10, 10.01, DELIVERY)])
    assert late.opened == []


def test_cases_of_different_segments_are_none_however_many_the_company_has() -> None:
    assert one_by_one(POLICY, [a_case(n, 0, f"touchpoint:{n}") for n in range(40)]).opened == []


def test_the_segment_is_the_most_specific_one_that_holds() -> None:
    cases = [a_case(n, 0, DENMARK) for n in range(3)]
    cases += [a_case(3 + n, 1, DENMARK, DELIVERY, "organisation:north", SALES) for n in range(11)]
    found = IncidentCount(POLICY, [], [], USUAL).count(cases, NOW)
    assert [one.segment for one in found.opened] == [DENMARK]  # it is crowded before the others are
    found = IncidentCount(POLICY, [], [], USUAL).count(cases[3:], NOW)
    assert [one.segment for one in found.opened] == [SALES]
    found = IncidentCount(POLICY, [], [], {}).count(cases[3:], NOW)
    assert [one.segment for one in found.opened] == [SALES]  # the deepest


def test_a_case_that_follows_joins_and_opens_no_second_one() -> None:
    cases = [a_case(n, n, DELIVERY, DENMARK) for n in range(30)]
    found = one_by_one(POLICY, cases)
    assert len(found.opened) == 1
    assert len(found.members) == 30


def over_at(policy: IncidentPolicy, incident: Incident, own: Sequence[CountedCase]) -> datetime:
    """The first moment at which the time before has few cases, looked for minute by minute."""
    at = incident.began_at + policy.within
    while at < incident.began_at + policy.longest:
        if sum(at - policy.few_within < case.said_at <= at for case in own) <= policy.few:
            return at
        at += timedelta(minutes=1)
    return at


@given(st.lists(st.integers(0, 900), max_size=60))
def test_it_goes_on_just_while_the_last_thirty_minutes_have_more_than_five_cases(drawn: list[int]) -> None:
    cases = [a_case(n, 0, DELIVERY) for n in range(11)]
    cases += [a_case(11 + n, minutes, DELIVERY) for n, minutes in enumerate(sorted(drawn))]
    for found in (one_by_one(POLICY, cases), IncidentCount(POLICY, [], [], {}).count(cases, NOW)):
        first, *_ = found.opened
        own = [case for case in cases if found.members.get(case.case_id) == first.id]
        assert found.run_until[first.id] == over_at(POLICY, first, own)
        left_out = [case for case in cases if case not in own]
        assert all(case.said_at > found.run_until[first.id] for case in left_out)


def test_one_case_in_twenty_nine_minutes_ends_it_and_twelve_hours_do_however_many_come() -> None:
    crowd = [a_case(n, n, DELIVERY) for n in range(11)]
    trickle = [a_case(11 + n, 10 + 29 * (n + 1), DELIVERY) for n in range(40)]
    found = one_by_one(POLICY, [*crowd, *trickle])
    assert len(found.members) == 11
    assert list(found.run_until.values()) == [NOW + timedelta(minutes=35)]
    steady = one_by_one(POLICY, [a_case(n, 3 * n, DELIVERY) for n in range(11, 400)])
    assert steady.opened == []
    flood = one_by_one(POLICY, [*crowd, *(a_case(11 + n, 10 + 3 * n, DELIVERY) for n in range(400))])
    assert list(flood.run_until.values()) == [NOW + POLICY.longest]


@pytest.mark.parametrize(
    ("segment", "people"),
    [
        ("organisation:north/sales/anna", People()),
        ("handled_by:anna", People()),
        ("desk:anna", People(dimensions=("desk",))),
        ("organisation:anna", People(level=1)),
    ],
)
def test_no_incident_is_named_after_an_employee_nor_goes_on_in_one(segment: str, people: People) -> None:
    cases = [of_places(people, a_case(n, 0, segment)) for n in range(30)]
    assert is_person(people, segment)
    assert IncidentCount(POLICY, [], cases[:9], {}).count(cases[9:], NOW) == CountResult([], {}, {})
    assert may_be_crowded(POLICY, cases) == set()
    # One of an earlier version, or of before the company said who are people, takes no further case.
    old = Incident(
        tenant="havnbo",
        id=UUID(int=1),
        segment=segment,
        case_id=UUID(int=1),
        began_at=NOW,
        opened_at=NOW,
        runs_until=NOW + timedelta(hours=1),
    )
    count = IncidentCount(POLICY, [GoingOn(POLICY, old, [])], [], {})
    assert count.count(cases[:1], NOW).members == {}
    above = [of_places(people, case._replace(segments=("", DELIVERY, segment))) for case in cases]
    opened = IncidentCount(POLICY, [], [], {segment: 1, DELIVERY: 900}).count(above, NOW).opened
    assert [one.segment for one in opened] == [DELIVERY]


def test_cases_that_stop_at_once_are_over_after_the_sixth_last() -> None:
    times = [NOW + timedelta(minutes=minutes) for minutes in range(11)]
    assert runs_until(POLICY, times) == NOW + timedelta(minutes=5 + 30)


spans = st.lists(
    st.tuples(st.integers(0, 80), st.sets(st.sampled_from([DELIVERY, DENMARK, SALES]))), max_size=14
)


@given(spans, st.randoms(use_true_random=False))
def test_in_every_order_and_grouping_an_incident_begins_just_when_some_span_is_crowded(
    drawn: list[tuple[int, set[str]]], random: object
) -> None:
    cases = [a_case(n, minutes, *sorted(segments)) for n, (minutes, segments) in enumerate(drawn)]
    random.shuffle(cases)  # type: ignore[attr-defined]
    crowded = any(
        sum(
            segment in one.segments and timedelta() <= one.said_at - first.said_at <= SMALL.within
            for one in cases
        )
        > SMALL.most_cases
        for first in cases
        for segment in first.segments
        if segment
    )
    for found in (one_by_one(SMALL, cases), IncidentCount(SMALL, [], [], {}).count(cases, NOW)):
        assert bool(found.opened) == crowded
        assert len({one.id for one in found.opened}) == len(found.opened)
        by_id = {case.case_id: case for case in cases}
        for incident in found.opened:
            own = [by_id[case] for case, joined in found.members.items() if joined == incident.id]
            assert found.run_until[incident.id] == over_at(SMALL, incident, own)
            assert max(case.said_at for case in own) <= found.run_until[incident.id]
            assert len(own) > SMALL.most_cases
            assert all(incident.segment in case.segments for case in own)


def test_only_segments_with_enough_cases_are_asked_about() -> None:
    assert may_be_crowded(SMALL, [a_case(n, 99 * n, DELIVERY, *[DENMARK][:n]) for n in range(3)]) == {
        DELIVERY
    }
