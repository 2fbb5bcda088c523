"""Anonymous answers are counted so that no subtraction leaves one to four of them."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations, product
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.scorer.anonymity import MAX_WAIT, MIN_BUNDLE, AnswerBundle, WaitingAnswer, bundles_of

TODAY = date(2026, 11, 20)
SEGMENTS = (
    (),
    ("touchpoint:shop",),
    ("store:1", "touchpoint:shop"),
    ("organisation:north",),
    ("organisation:north", "organisation:north/a"),
    ("organisation:north", "organisation:north/b", "touchpoint:web"),
    ("organisation:south", "organisation:south/a", "store:1"),
)
arrivals = st.lists(
    st.tuples(st.sampled_from(SEGMENTS), st.integers(0, 2), st.sampled_from(("transactional", "relational"))),
    max_size=120,
)


def waiting(number: int, segments: tuple[str, ...] = (), day: date = TODAY) -> WaitingAnswer:
    return WaitingAnswer("acme", "transactional", UUID(int=number), day, segments)


def days_of_counting(given_answers: list[tuple[tuple[str, ...], int, str]]) -> Iterator[list[AnswerBundle]]:
    """What is counted as the days pass: a few answers come each day, with days of before."""
    left: list[WaitingAnswer] = []
    for start in range(0, len(given_answers) + 60, 6):
        today = TODAY + timedelta(days=start // 6)
        for number, (segments, back, measurement) in enumerate(given_answers[start : start + 6], start):
            left.append(
                WaitingAnswer(
                    "acme", measurement, UUID(int=number + 1), today - timedelta(days=back), segments
                )
            )
        bundles = bundles_of(left, today)
        taken = {answer for bundle in bundles for answer in bundle.answers}
        left = [answer for answer in left if answer.id not in taken]
        yield bundles


@given(arrivals)
def test_each_group_has_five_and_each_answer_is_in_one(
    given_answers: list[tuple[tuple[str, ...], int, str]],
) -> None:
    counted = [bundle for bundles in days_of_counting(given_answers) for bundle in bundles]
    in_bundles = Counter(answer for bundle in counted for answer in bundle.answers)
    assert all(len(bundle.answers) >= MIN_BUNDLE for bundle in counted)
    assert all(number == 1 for number in in_bundles.values())
    own = {UUID(int=number + 1): each for number, each in enumerate(given_answers)}
    for bundle in counted:
        for answer in bundle.answers:
            segments, _, measurement = own[answer]
            assert set(bundle.segments) <= set(segments)
            assert bundle.measurement == measurement
    # At last fewer than five wait in each measurement.
    left = Counter(measurement for answer, (_, _, measurement) in own.items() if answer not in in_bundles)
    assert all(number < MIN_BUNDLE for number in left.values())


def results(moments: list[list[AnswerBundle]]) -> Iterator[frozenset[UUID]]:
    """The answers behind each figure that can be asked for: at some moments, of all combinations of up to two
    segments, over windows that differ by a day.
    """
    names = sorted({segment for segments in SEGMENTS for segment in segments})
    selections = [set(chosen) for size in range(3) for chosen in combinations(names, size)]
    last = TODAY + timedelta(days=len(moments))
    windows = [
        (TODAY - timedelta(days=3), TODAY + timedelta(days=days)) for days in range(0, len(moments) + 1, 2)
    ]
    windows += [(TODAY + timedelta(days=days), last) for days in range(0, len(moments), 2)]
    for moment in sorted({len(moments) // 3, len(moments) // 2, len(moments)}):
        known = [bundle for bundles in moments[:moment] for bundle in bundles]
        for selection, (first, until), measurement in product(
            selections, windows, ("transactional", "relational")
        ):
            yield frozenset(
                answer
                for bundle in known
                if selection <= set(bundle.segments)
                and first <= bundle.day <= until
                and bundle.measurement == measurement
                for answer in bundle.answers
            )


@given(arrivals)
def test_no_subtraction_leaves_one_to_four(given_answers: list[tuple[tuple[str, ...], int, str]]) -> None:
    found = sorted(set(results(list(days_of_counting(given_answers)))), key=len)
    for smaller, larger in combinations(found, 2):
        assert len(larger - smaller) not in range(1, MIN_BUNDLE)
        assert len(larger & smaller) not in range(1, MIN_BUNDLE)
    # The company less what is shown of each of its parts, whichever of them are chosen.
    if found:
        company = found[-1]
        for chosen in combinations(found[-8:], 3):
            assert len(company.difference(*chosen)) not in range(1, MIN_BUNDLE)


def test_four_wait_and_the_fifth_has_them_counted() -> None:
    four = [waiting(number, ("touchpoint:shop",)) for number in range(4)]
    assert bundles_of(four, TODAY) == []
    (bundle,) = bundles_of([*four, waiting(4, ("touchpoint:shop",), TODAY - timedelta(days=2))], TODAY)
    assert (bundle.segments, bundle.day, len(bundle.answers)) == (("touchpoint:shop",), TODAY, 5)


def test_what_has_waited_for_a_week_is_merged_as_little_as_can_be() -> None:
    long_ago = TODAY - MAX_WAIT - timedelta(days=1)
    north = ("organisation:north",)
    shop = "touchpoint:shop"
    few = [
        *(waiting(n, (*north, f"organisation:north/{n}", f"store:{n}", shop), long_ago) for n in range(5)),
        *(waiting(10 + n, (*north, f"organisation:north/{n}", f"store:{n}"), long_ago) for n in range(5)),
        *(waiting(20 + n, (f"store:{n}", shop), long_ago) for n in range(5)),
        *(waiting(30 + n, (f"store:{n}",), long_ago) for n in range(6)),
    ]
    assert [(bundle.segments, len(bundle.answers)) for bundle in bundles_of(few, TODAY)] == [
        ((*north, shop), 5),
        (north, 5),
        ((shop,), 5),
        ((), 6),
    ]
    assert bundles_of(few, TODAY - timedelta(days=1)) == []


def test_companies_are_never_merged() -> None:
    long_ago = TODAY - MAX_WAIT - timedelta(days=1)
    answers = [waiting(number, day=long_ago)._replace(tenant=f"t{number % 2}") for number in range(8)]
    assert bundles_of(answers, TODAY) == []
