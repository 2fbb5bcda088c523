"""Remedies of dead letters as they are stored: whatever their facts are, they are the same again."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.trigger.sources.repository.faults import decode_remedy, encode_remedy
from shared.values.messages import Count, Message, message


@pytest.mark.parametrize(
    "remedy",
    [
        message("Is larger than %(most)s bytes as an event.", most=Count(524_288)),
        message("Cannot be: %(why)s.", why=message("it has more than %(most)s types", most=Count(5_000))),
        message("%(n)s is one", "%(n)s are many", n=2),
        message("Just a text, of 100 %."),
    ],
)
def test_a_remedy_is_the_same_again_with_its_counts(remedy: Message) -> None:
    again = decode_remedy(encode_remedy(remedy))
    assert (again, str(again)) == (remedy, str(remedy))


def test_a_text_and_odd_facts_are_shown_as_they_are() -> None:
    assert str(decode_remedy(encode_remedy("100 % wrong"))) == "100 % wrong"
    odd = message("%(at)s %(n)s", at=datetime(2026, 1, 1, tzinfo=UTC), n=Decimal("1.5"))
    assert str(decode_remedy(encode_remedy(odd))) == "2026-01-01T00:00:00Z 1.5"
