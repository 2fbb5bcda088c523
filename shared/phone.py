"""Phone numbers as people write them, in the one form in which they can be dialled and compared."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

LONGEST = 100
"""Characters in which a number, with an extension and all its blanks, is looked for."""


def dialled(text: str, country: str | None) -> str | None:
    """The number in E.164 with its extension behind it (``+12125550123;ext=5``), or None where it is none.

    :param country: two capital letters: whose number it is where it stands in national form.
    """
    if len(text) > LONGEST:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    # By its length alone: numbers are handed out faster than any list of them is renewed.
    if not phonenumbers.is_possible_number(number):
        return None
    plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain
