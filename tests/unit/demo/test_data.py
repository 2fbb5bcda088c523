"""The real data are read as they are, and moved to today."""

from datetime import date
from random import Random

import pytest

from deploy.demo import purchases, sentences

CDNOW = """\
 customer_id  date number_of_cds  dollar_value \r
 00001 19970101  1   11.77 \r
 00002 19970112  1   12.00 \r
 00002 19970112  5   77.00 \r
 00003 19970102  2    0.00 \r
"""


def test_purchases_come_in_the_order_of_their_days_and_keep_their_line_as_number() -> None:
    found = purchases.parse_purchases(CDNOW.splitlines())
    assert [(p.number, p.customer, p.day.isoformat(), p.cds, p.cents) for p in found] == [
        (1, "00001", "1997-01-01", 1, 1177),
        (4, "00003", "1997-01-02", 2, 0),
        (2, "00002", "1997-01-12", 1, 1200),
        (3, "00002", "1997-01-12", 5, 7700),
    ]


def test_another_file_than_the_purchases_is_refused() -> None:
    with pytest.raises(ValueError, match="not the purchases"):
        purchases.parse_purchases(["date,id", "1997-01-01,1"])


def test_moved_purchases_end_today_and_keep_their_distances() -> None:
    today = date(2026, 11, 22)
    moved = purchases.move_to_today(purchases.parse_purchases(CDNOW.splitlines()), today, days=400)
    assert [(today - p.day).days for p in moved] == [11, 10, 0, 0]


def test_only_the_last_days_are_moved() -> None:
    moved = purchases.move_to_today(
        purchases.parse_purchases(CDNOW.splitlines()), date(2026, 11, 22), days=11
    )
    assert [(p.customer, p.day.isoformat()) for p in moved] == [
        ("00003", "2026-11-12"),
        ("00002", "2026-11-22"),
        ("00002", "2026-11-22"),
    ]


def test_a_quotation_mark_in_a_sentence_is_part_of_it() -> None:
    text = 'it turns out to be the " disposable type, sadly.'
    assert sentences.parse_sentences([f"1_1\t-2.1\t{text}\n"]) == [sentences.Sentence(-2.1, text)]


def test_a_sentence_that_is_too_short_or_too_long_is_nobodys_comment() -> None:
    fair = "a sentence of a length that one types"
    kept = sentences.Sentences(sentences.Sentence(2.0, text) for text in ("great.", fair, "great " * 50))
    assert {kept.pick(10, Random(n)) for n in range(20)} == {fair}
