from itertools import pairwise
from uuid import RFC_4122, UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import ID_NAMESPACE, derived, derived_text, new_id, uuid7


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=4))
def test_a_derived_id_is_the_uuid5_of_its_parts_however_often_it_is_asked_for(parts: list[str]) -> None:
    wanted = uuid5(ID_NAMESPACE, "\x1f".join(parts))
    assert derived(*parts) == wanted
    assert derived(*parts) == wanted
    assert derived_text(*parts) == str(wanted)


def test_b31_of_a_million_ids_no_two_are_alike() -> None:
    """Nor are two links, each of which has the whole id of its invitation."""
    assert len({new_id() for _ in range(1_000_000)}) == 1_000_000


def test_new_ids_are_of_version_7_each_after_the_last_one_in_either_form() -> None:
    made = [uuid7() if number % 2 else UUID(new_id()) for number in range(1_000)]
    assert {each.version for each in made} == {7}
    assert {each.variant for each in made} == {RFC_4122}
    assert all(earlier < later for earlier, later in pairwise(made))
