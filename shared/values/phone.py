"""Phone numbers as people write them, in the one form in which they can be dialled and compared."""

import re
from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat

MAX_PHONE_LENGTH = 100
"""Characters in which a number, with an extension and all its blanks, is looked for."""


def dialled(text: str, country: str | None) -> str | None:
    """The number in E.164 with its extension behind it (``+12125550123;ext=5``), or None where it is none.

    :param country: two capital letters: whose number it is where it stands in national form.
    """
    if len(text) > MAX_PHONE_LENGTH:
        return None
    return _already_dialled(text) or _parsed(text, country)


def _parsed(text: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    # By its length alone: numbers are handed out faster than any list of them is renewed.
    if not phonenumbers.is_possible_number(number):
        return None
    plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain


def _already_dialled(text: str) -> str | None:
    """The number where it stands in E.164 but for its blanks, else None.

    To read such a one in full takes a third of the time that a whole event takes.
    """
    if not _INTERNATIONAL.fullmatch(text):
        return None
    digits = text.replace(" ", "")
    for width in (1, 2, 3):
        plan = _plan(int(digits[1 : 1 + width]))
        if plan is not None:
            national = digits[1 + width :]
            return digits if len(national) in plan.lengths and not plan.prefix.match(national) else None
    return None


class _Plan(NamedTuple):
    """What a country calling code says of the digits behind it."""

    lengths: frozenset[int]
    prefix: re.Pattern[str]
    """Digits at the beginning that are dialled within the country alone, or may be."""


@cache
def _plan(code: int) -> _Plan | None:
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
    return _Plan(lengths, re.compile(f"0|{prefix}" if prefix else "0"))


_INTERNATIONAL = re.compile(r"\+[1-9][0-9]*(?: [0-9]+)*")
