from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import NAMESPACE, derived


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=4))
def test_a_derived_id_is_the_uuid5_of_its_parts_however_often_it_is_asked_for(parts):
    wanted = uuid5(NAMESPACE, "\x1f".join(parts))
    assert derived(*parts) == wanted
    assert derived(*parts) == wanted
