"""What each touchpoint adds to the transactional score."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.scorer.domain import Groups
from services.scorer.gap.domain import impacts_of

some = st.builds(Groups, st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))


@given(st.lists(some, min_size=1, max_size=6))
def test_an_impact_is_the_score_less_that_of_the_other_touchpoints_the_most_first(
    drawn: list[Groups],
) -> None:
    whole = Groups(
        sum(each.detractors for each in drawn),
        sum(each.passives for each in drawn),
        sum(each.promoters for each in drawn),
    )
    found = impacts_of([(f"touchpoint:{number}", groups) for number, groups in enumerate(drawn)], whole)
    assert len(found) == sum(groups.n > 0 for groups in drawn)
    for each in found:
        others = Groups(
            whole.detractors - each.groups.detractors,
            whole.passives - each.groups.passives,
            whole.promoters - each.groups.promoters,
        )
        if min(each.groups.n, others.n) < 10:
            assert (each.impact, each.reach) == (None, None)
            continue
        assert whole.nps is not None
        assert others.nps is not None
        assert each.impact == whole.nps - others.nps
        assert each.reach is not None
        assert each.reach > 0
    sizes = [abs(each.impact) for each in found if each.impact is not None]
    assert sizes == sorted(sizes, reverse=True)
    assert [each.impact is None for each in found] == sorted(each.impact is None for each in found)


def test_touchpoints_that_are_alike_add_nothing() -> None:
    alike = Groups(10, 10, 20)
    found = impacts_of([("touchpoint:a", alike), ("touchpoint:b", alike)], Groups(20, 20, 40))
    assert [(each.segment, each.impact) for each in found] == [
        ("touchpoint:a", Fraction(0)),
        ("touchpoint:b", Fraction(0)),
    ]
