"""Open links: their limits, the counts of their scores, and their codes as a decoder reads them."""

import struct
import zlib
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from services.collector.sharing import CODE_LENGTH, NO_SCORES, ShareLink, group_sizes, new_code
from shared.pages.qr_codes import qr_png, qr_svg

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def _pixels(png: bytes, *, stain: float = 0) -> memoryview:
    """The grey values of a PNG with one bit a pixel, as segno writes it.

    :param stain: the side of a white square in the middle, as a share of the picture's.
    """
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour in {0, 3}) == (1, True)
    begin = png.index(b"IDAT") + 4
    data = zlib.decompress(png[begin : begin + int.from_bytes(png[begin - 8 : begin - 4], "big")])
    pixels, row_bytes = bytearray(), (width + 7) // 8 + 1
    above = [0] * (row_bytes - 1)
    dirty = range(int(width * (1 - stain) / 2), int(width * (1 + stain) / 2)) if stain else range(0)
    for y in range(height):
        kind, *row = data[y * row_bytes : (y + 1) * row_bytes]
        assert kind in {0, 2}  # none, or the difference to the row above
        above = [(each + kind // 2 * before) % 256 for each, before in zip(row, above, strict=True)]
        bits = int.from_bytes(bytes(above), "big") >> (8 * (row_bytes - 1) - width)
        for x in range(width):
            is_light = bits >> (width - 1 - x) & 1 or (x in dirty and y in dirty)
            pixels.append(255 if is_light else 0)
    return memoryview(bytes(pixels)).cast("B", shape=[height, width])


def a_link(**changes: Any) -> ShareLink:
    facts: dict[str, Any] = {
        "tenant": "acme", "id": UUID(int=1), "code": "abc", "survey_id": UUID(int=2), "name": "Counter",
        "segments": {}, "state": "live", "per_day": None, "in_all": None, "one_per_device": True,
        "scores": NO_SCORES, "day": None, "answers_of_day": 0, "version": 1, "created_at": NOW,
        "changed_at": NOW,
    }  # fmt: skip
    return ShareLink(**{**facts, **changes})


@given(per_day=st.integers(1, 5), in_all=st.integers(1, 9), days=st.lists(st.integers(0, 3), max_size=30))
def test_a_link_never_takes_more_than_its_limits(per_day: int, in_all: int, days: list[int]) -> None:
    link, taken = a_link(per_day=per_day, in_all=in_all), [0, 0, 0, 0]
    for day in sorted(days):
        if link.takes_answers(TODAY + timedelta(days=day)):
            link = link.counted(TODAY + timedelta(days=day), 7, None)
            taken[day] += 1
    wanted = [min(per_day, days.count(day)) for day in range(4)]
    assert max(taken) <= per_day
    assert link.answers == sum(taken) == min(in_all, sum(wanted))


@given(st.lists(st.integers(0, 10), min_size=1, max_size=20))
def test_an_answer_counts_once_by_its_last_score(scores: list[int]) -> None:
    link, before = a_link(per_day=1), None
    for score in scores:
        link, before = link.counted(TODAY, score, before), score
    assert (link.answers, link.answers_of_day) == (1, 1)
    assert link.scores[scores[-1]] == 1
    assert sum(group_sizes(link.scores).values()) == 1


@pytest.mark.parametrize("state", ["paused", "ended"])
def test_a_link_that_is_not_live_takes_nothing(state: str) -> None:
    assert not a_link(state=state).takes_answers(TODAY)


def test_codes_are_long_and_never_the_same() -> None:
    codes = {new_code() for _ in range(1_000)}
    assert (len(codes), {len(code) for code in codes}) == (1_000, {CODE_LENGTH})


def test_a_decoder_reads_the_printed_code_also_with_a_stain() -> None:
    url = "https://survey.example.com/q/abcdefghjkmn"
    picture = _pixels(qr_png(url))
    assert [each.text for each in zxingcpp.read_barcodes(picture)] == [url]
    assert [each.text for each in zxingcpp.read_barcodes(_pixels(qr_png(url), stain=0.25))] == [url]
    assert b"<svg" in qr_svg(url)
    assert b"#fff" in qr_svg(url)
