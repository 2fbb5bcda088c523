"""Whom a text comes from: a name where the customer's country allows one, else a number. Pure."""

import re

import phonenumbers
from phonenumbers import NumberParseException

_SENDER_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_E164_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")

NUMBERS_ONLY: dict[str, str] = {
    "US": "FCC and carriers: numbers only (10DLC, toll-free, short code)",
    "CA": "Canadian Common Short Code guidelines: numbers only",
    "PR": "as US",
    "VI": "as US",
    "GU": "as US",
    "BE": "operators replace names by numbers since 2018 (BIPT)",
    "AR": "operators allow short codes only",
    "BR": "operators allow short codes only (Anatel)",
    "CL": "operators allow short and long numbers only",
    "CO": "operators allow short codes only (CRC 5050)",
    "CR": "operators replace names by numbers",
    "EC": "operators allow short codes only",
    "MX": "operators allow short and long numbers only",
    "PA": "operators replace names by numbers",
    "PE": "operators allow short codes only",
    "UY": "operators allow short codes only",
    "NZ": "TDR code: short codes and numbers only",
    "ZA": "WASPA: numbers only, so that a reply can stop",
    "KR": "KISA: registered numbers only",
    "TW": "NCC: numbers only",
    "MY": "MCMC: short codes only",
    "CN": "MIIT: numbers of the provider only",
}
"""Countries (ISO 3166) in which a name as sender is refused or replaced, with who says so. Of providers'
published lists (Twilio “International support for Alphanumeric Sender ID”, Telnyx “Alphanumeric sender ID”):
what changes there is changed here."""


def is_name(sender: str) -> bool:
    """Whether it is a name that a text may come from, and not a number."""
    return _SENDER_NAME.fullmatch(sender) is not None


def is_number(sender: str) -> bool:
    """Whether it is a number in E.164, or a short code."""
    return _E164_NUMBER.fullmatch(sender) is not None or _SHORT_CODE.fullmatch(sender) is not None


def country_of(number: str) -> str | None:
    """The country of a number in E.164 (ISO 3166); None: of none, or of several that share a code."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except NumberParseException:
        return None


def sender_for(number: str, *, name: str | None, own_number: str | None) -> str | None:
    """Whom a text to this number comes from; None: there is nothing that its country allows.

    :param name: the name of the settings.
    :param own_number: the number of the settings, to which customers can reply.
    """
    if name is not None and country_of(number) not in NUMBERS_ONLY:
        return name
    return own_number
