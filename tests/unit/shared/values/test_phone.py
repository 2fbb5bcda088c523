"""The shortcut for numbers in E.164 reads them as the library does."""

import phonenumbers
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
