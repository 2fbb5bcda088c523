"""Whether a phone number can be texted: by its form and kind alone, without asking the network."""

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from services.dispatcher.decisions.values import AddressQuality

TEXTED_KINDS = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


@lru_cache(maxsize=10_000)  # parsing takes 60 µs, and a contact's events come together
def number_quality(number: str | None) -> AddressQuality:
    """Whether it is good, bad or missing. Landlines, extensions and numbers of services are bad.

    :param number: in E.164, as the events have it.
    """
    if not number:
        return "missing"
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return "bad"
    known = parsed.extension is None and phonenumbers.is_valid_number(parsed)
    return "good" if known and phonenumbers.number_type(parsed) in TEXTED_KINDS else "bad"
