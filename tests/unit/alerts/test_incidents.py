"""More than ten cases of one segment in ten minutes are one incident, as a counter of every span says, too."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.alerts.incidents.domain import (
    CountedCase,
    CountResult,
    Incident,
    IncidentCount,
    IncidentPolicy,
    may_be_crowded,
)

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
POLICY = IncidentPolicy()
SMALL = IncidentPolicy(most_cases=2)
DELIVERY, DENMARK, SALES = "touchpoint:delivery", "country:DK", "organisation:north/sales"
USUAL = {DENMARK: 900, DELIVERY: 40, SALES: 12, "organisation:north": 90}


def a_case(number: int, minutes: float, *segments: str) -> CountedCase:
    return CountedCase("havnbo", UUID(int=number), NOW + timedelta(minutes=minutes), ("", *segments))


def one_by_one(policy: IncidentPolicy, cases: Sequence[CountedCase]) -> CountResult:
    """As transactions of one case each count them, in this order."""
    all_opened, members = list[Incident](), dict[UUID, UUID]()
    seen: list[CountedCase] = []
    for case in cases:
        before = [one for one in seen if one.case_id not in members]
        found = IncidentCount(policy, all_opened, before, {}).count([case], NOW)
        all_opened += found.opened
        members |= found.members
        seen.append(case)
    return CountResult(all_opened, members)


def test_ten_cases_in_ten_minutes_are_none_and_the_eleventh_opens_one_with_all_of_them() -> None:
    ten = [a_case(n, n, DELIVERY) for n in range(10)]
    assert one_by_one(POLICY, ten) == CountResult([], {})
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


spans = st.lists(
    st.tuples(st.integers(0, 40), st.sets(st.sampled_from([DELIVERY, DENMARK, SALES]))), max_size=14
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
            assert len(own) > SMALL.most_cases
            assert all(incident.segment in case.segments for case in own)


def test_only_segments_with_enough_cases_are_asked_about() -> None:
    assert may_be_crowded(SMALL, [a_case(n, 99 * n, DELIVERY, *[DENMARK][:n]) for n in range(3)]) == {
        DELIVERY
    }
