"""The longest name of a segment, to the byte; and the quick way out says what the slow one would."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import too_long
from shared.events.segments import (
    MAX_BYTES_PER_CHARACTER,
    MAX_SEGMENT_BYTES,
    ORGANISATION,
    decoded,
    segments_of,
)


@dataclass
class Thing:
    segments: dict[str, str] = field(default_factory=dict)
    organisation: tuple[str, ...] = ()


def slowly(thing: Thing) -> str | None:
    """Every name spelt out, whatever it costs."""
    names = [segment for segment in segments_of(thing) if len(segment.encode()) > MAX_SEGMENT_BYTES]
    return decoded(names[0].partition(":")[0]) if names else None


@pytest.mark.parametrize("letter", ["x", "\u00e6", "%", "/", "\U0001f600"])
def test_a_name_of_the_maximum_is_accepted_and_one_more_byte_is_refused(letter: str) -> None:
    size = 3 if letter in "%/" else len(letter.encode())
    room = MAX_SEGMENT_BYTES - len("store:")
    value = letter * (room // size) + "x" * (room % size)
    assert too_long(Thing({"store": value})) is None
    assert too_long(Thing({"store": value + "x"})) == "store"


def test_the_quick_check_ends_where_the_longest_characters_could_be_too_long() -> None:
    most = MAX_SEGMENT_BYTES // MAX_BYTES_PER_CHARACTER
    costly = "\U0001f600"
    assert len(costly.encode()) == MAX_BYTES_PER_CHARACTER
    path = (costly * (most - len(ORGANISATION) - 1),)
    for more in ("", costly):
        thing = Thing(organisation=(path[0] + more,))
        assert too_long(thing) == slowly(thing) is None
    beyond = Thing(organisation=(costly * most,))
    assert too_long(beyond) == slowly(beyond) == ORGANISATION


texts = st.text(st.sampled_from("x%:/\u00e6\U0001f600"), max_size=320)


@given(
    st.dictionaries(st.text(min_size=1, max_size=20), texts, max_size=3),
    st.lists(texts, max_size=4),
)
def test_the_quick_and_the_exact_check_agree(segments: dict[str, str], organisation: list[str]) -> None:
    thing = Thing(segments, tuple(organisation))
    assert too_long(thing) == slowly(thing)
