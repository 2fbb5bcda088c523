"""Phone numbers, however they are written, in the form in which they can be dialled and compared."""

import re
from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import (
    CountryCodeSource,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
)

MAX_PHONE_LENGTH = 100
"""Of the text of a number, with its extension and all white space."""
MAX_SURE_EXTENSION = 6
"""Digits; a longer one is a second number."""


def e164_number(text: str, country: str | None) -> str | None:
    """The number in E.164, with its extension (``+12125550123;ext=5``); None when this is no phone number.

    :param country: ISO 3166 code in capital letters: the country of a number in national form.
    """
    if len(text) > MAX_PHONE_LENGTH:
        return None
    return _already_dialled(text) or _parsed(text, country)


def sure_number(text: str, country: str | None) -> str | None:
    """The same where a wrong number would harm somebody else: one in national form must be assigned in the
    country, since most digits are a possible number of many countries, and be no other number whose plus was
    lost. Two numbers in one text are none.
    """
    if len(text) > MAX_PHONE_LENGTH:
        return None
    try:
        number = phonenumbers.parse(text, country, keep_raw_input=True)
    except NumberParseException:
        return None
    is_national = number.country_code_source not in _INTERNATIONAL_SOURCES
    if is_national and (not phonenumbers.is_valid_number(number) or _may_lack_plus(text, country, number)):
        return None
    return _in_e164(number) if len(number.extension or "") <= MAX_SURE_EXTENSION else None


def _may_lack_plus(text: str, country: str | None, number: PhoneNumber) -> bool:
    """Whether the text is another number with a plus before it. In a country where each national number is
    dialled behind a 0, one without may have lost that, or its plus.
    """
    metadata = PhoneMetadata.metadata_for_region(country or "")
    if metadata is None or not (metadata.national_prefix or "").startswith("0"):
        return False
    try:
        dialled = phonenumbers.parse(f"+{text.strip()}")
    except NumberParseException:
        return False
    return phonenumbers.is_valid_number(dialled) and _in_e164(dialled) != _in_e164(number)


def _parsed(text: str, country: str | None) -> str | None:
    try:
        return _in_e164(phonenumbers.parse(text, country))
    except NumberParseException:
        return None


def _in_e164(number: PhoneNumber) -> str | None:
    # Only the length is checked: new number ranges are assigned faster than the library's data is updated.
    # What can be dialled within a town alone is no number of anybody elsewhere.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain


def _already_dialled(text: str) -> str | None:
    """The number if it is in E.164 except for blanks, else None.

    A shortcut: parsing such a number with the library takes a third of the time of a whole event.
    """
    if not _INTERNATIONAL.fullmatch(text):
        return None
    digits = text.replace(" ", "")
    width, plan = _plan_of(digits[1:4])
    if plan is None:
        return None
    national = digits[1 + width :]
    return digits if len(national) in plan.lengths and not plan.prefix.match(national) else None


class _NumberingPlan(NamedTuple):
    """The national numbers behind a country calling code."""

    lengths: frozenset[int]
    prefix: re.Pattern[str]
    """Leading digits that are, or may be, dialled within the country only."""


@cache
def _plan_of(digits: str) -> tuple[int, _NumberingPlan | None]:
    """The plan of a number by its first three digits, and how many of them are its calling code."""
    for width in (1, 2, 3):
        if (plan := _plan(int(digits[:width]))) is not None:
            return width, plan
    return 0, None


@cache
def _plan(code: int) -> _NumberingPlan | None:
    region = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, (None,))[0]
    if region is None:
        return None
    if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY:
        metadata = PhoneMetadata.metadata_for_nongeo_region(code)
    else:
        metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.general_desc is None:
        return None
    prefix = metadata.national_prefix_for_parsing
    lengths = frozenset(metadata.general_desc.possible_length)
    return _NumberingPlan(lengths, re.compile(f"0|{prefix}" if prefix else "0"))


_INTERNATIONAL = re.compile(r"\+[1-9][0-9]*(?: [0-9]+)*")
_INTERNATIONAL_SOURCES = frozenset(
    {CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN, CountryCodeSource.FROM_NUMBER_WITH_IDD}
)
