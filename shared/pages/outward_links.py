"""Links made of values of customers and companies: to mail, to call, to open.

A value that cannot be such a link gives an empty text, and the template shows it as plain text.
"""

import re
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

_EXTENSION = re.compile(
    r"(?:;|,|\bext(?:ension)?\b|\bx|#|\bdw\b|\blokal\b|\btoestel\b).*$", re.IGNORECASE | re.DOTALL
)
_TRUNK_ZERO = re.compile(r"^(\s*(?:\+|00)[\d\s.\-/]*)\(\s*0\s*\)")
_BREAKS = re.compile(r"([@./])")
MAX_ADDRESS_LENGTH, MAX_WEB_ADDRESS_LENGTH = 320, 2_000
MIN_PHONE_DIGITS, MAX_PHONE_DIGITS = 3, 17


def mailto(address: str) -> str:
    """A link that mails to exactly this address (RFC 6068): it cannot add recipients or text."""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or len(address) > MAX_ADDRESS_LENGTH or not address.isprintable():
        return ""
    return f"mailto:{quote(local, safe='+')}@{quote(domain, safe='')}"


def tel(number: str) -> str:
    """A link that dials this number (RFC 3966): its digits, with the plus of an international number.

    Left out are a zero that is dialled within the country only ("+44 (0)20"), and an extension ("ext. 5").
    """
    kept = _TRUNK_ZERO.sub(r"\1", _EXTENSION.sub("", number))
    digits = "".join(str(int(one)) for one in kept if one.isdecimal())
    if not MIN_PHONE_DIGITS <= len(digits) <= MAX_PHONE_DIGITS:
        return ""
    plus = "+" if kept.strip().startswith(("+", "\N{FULLWIDTH PLUS SIGN}", "(+")) else ""
    return f"tel:{plus}{digits}"


def web(value: object) -> str:
    """The value itself when it is the address of a web page: no script, no file, no data."""
    if (
        not isinstance(value, str)
        or len(value) > MAX_WEB_ADDRESS_LENGTH
        or not value.isprintable()
        or " " in value
    ):
        return ""
    try:
        parts = urlsplit(value)
        is_web = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    except ValueError:
        return ""
    return value if is_web else ""


def breakable(value: str) -> Markup:
    """An address as text in which lines may break: before an @, after a dot or a slash."""
    breaks = {"@": Markup("<wbr>@"), ".": Markup(".<wbr>"), "/": Markup("/<wbr>")}
    return Markup("").join(breaks.get(part, escape(part)) for part in _BREAKS.split(value))


FILTERS = {"mailto": mailto, "tel": tel, "web": web, "breakable": breakable}
