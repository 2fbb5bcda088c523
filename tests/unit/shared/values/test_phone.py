"""The shortcut for numbers in E.164 reads them as the library does."""

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.values import phone

codes = st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
digits = st.text("0123456789", min_size=1, max_size=17)
blanks = st.lists(st.integers(1, 16), max_size=4)


def written(code: int, national: str, places: list[int]) -> str:
    text = f"+{code}{national}"
    for place in sorted(set(places), reverse=True):
        if 1 < place < len(text):
            text = f"{text[:place]} {text[place:]}"
    return text


@settings(max_examples=3_000)
@given(code=codes, national=digits, places=blanks)
@example(code=1, national="12125550123", places=[])
@example(code=39, national="0612345678", places=[])
@example(code=52, national="15512345678", places=[])
@example(code=54, national="91123456789", places=[3])
@example(code=800, national="12345678", places=[])
def test_the_shortcut_reads_a_number_as_the_library_does(code: int, national: str, places: list[int]) -> None:
    text = written(code, national, places)
    assert phone.e164_number(text, None) == phone._parsed(text, None)


def test_a_number_of_a_town_alone_is_none() -> None:
    assert phone.e164_number("555 0123", "US") is None
    assert phone.e164_number("+1 555 0123", None) is None


@given(country=st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), national=digits)
def test_a_sure_number_in_national_form_is_one_of_a_country_and_one_that_is_dialled_stays(
    country: str, national: str
) -> None:
    found = phone.sure_number(national, country)
    if found is not None and not national.startswith("0"):
        assert phonenumbers.is_valid_number(phonenumbers.parse(found))
    if found is not None:
        assert found == phone.e164_number(national, country) == phone.sure_number(found, None)


@pytest.mark.parametrize(
    ("country", "written", "sure"),
    [
        ("DE", "4520123456", None),  # of Denmark, or 04520 123456
        ("DE", "4917612345678", None),  # its own code, or 04917 612345678
        ("DE", "33612345678", None),
        ("FI", "4791234567", None),
        ("FI", "45 20 12 34 56", None),
        ("DE", "0452 0123456", "+494520123456"),
        ("DE", "17612345678", "+4917612345678"),
        ("DE", "+4917612345678", "+4917612345678"),
        ("NL", "31612345678", "+31612345678"),
        ("NL", "612345678", "+31612345678"),
        ("DK", "4520123456", "+4520123456"),
        ("US", "(321) 234-5678", "+13212345678"),  # with a plus one of Belgium: nobody loses a plus so
    ],
)
def test_digits_that_may_have_lost_their_plus_are_no_sure_number(
    country: str, written: str, sure: str | None
) -> None:
    assert phone.sure_number(written, country) == sure


@pytest.mark.parametrize(
    ("written", "sure"),
    [
        ("20123456, 30123456", None),
        ("20123456;30123456", None),
        ("+45 20 12 34 56 x30123456", None),
        ("20123456 / 30123456", None),
        ("+45 20 12 34 56 ext. 12", "+4520123456;ext=12"),
    ],
)
def test_two_numbers_are_no_number_with_an_extension(written: str, sure: str | None) -> None:
    assert phone.sure_number(written, "DK") == sure


def test_the_shortcut_covers_most_countries() -> None:
    examples = {
        region: phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        for region in phonenumbers.SUPPORTED_REGIONS
        if (number := phonenumbers.example_number(region)) is not None
    }
    assert len(examples) > 200
    parsed = [region for region, text in examples.items() if phone._already_dialled(text) != text]
    # Where a number may begin as one is dialled at home, only the library can tell.
    assert len(parsed) < len(examples) / 4, parsed
