"""Links made of values that customers and clients give: to write to, to call, to open. What cannot be a link
of its kind is none, and stands as text.
"""

import re
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

_EXTENSION = re.compile(
    r"(?:;|,|\bext(?:ension)?\b|\bx|#|\bdw\b|\blokal\b|\btoestel\b).*$", re.IGNORECASE | re.DOTALL
)
_TRUNK = re.compile(r"^(\s*(?:\+|00)[\d\s.\-/]*)\(\s*0\s*\)")
_PARTS = re.compile(r"([@./])")
LONGEST_ADDRESS, LONGEST_WEB = 320, 2_000
FEWEST_DIGITS, MOST_DIGITS = 3, 17


def mailto(address: str) -> str:
    """A link that writes to exactly this address (RFC 6068): nothing in it can add a recipient or words."""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or len(address) > LONGEST_ADDRESS or not address.isprintable():
        return ""
    return f"mailto:{quote(local, safe='+')}@{quote(domain, safe='')}"


def tel(number: str) -> str:
    """A link that dials this number (RFC 3966): its digits, with the plus of an international one, without a
    zero that is dialled only at home ("+44 (0)20") and without what is dialled only afterwards ("ext. 5").
    """
    kept = _TRUNK.sub(r"\1", _EXTENSION.sub("", number))
    digits = "".join(str(int(one)) for one in kept if one.isdecimal())
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        return ""
    plus = "+" if kept.strip().startswith(("+", "\N{FULLWIDTH PLUS SIGN}", "(+")) else ""
    return f"tel:{plus}{digits}"


def web(value: object) -> str:
    """The value itself when it is the address of a page, else nothing: no script, no file, no data."""
    if not isinstance(value, str) or len(value) > LONGEST_WEB or not value.isprintable() or " " in value:
        return ""
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    except ValueError:
        return ""
    return value if good else ""


def breakable(value: str) -> Markup:
    """An address as text that may be broken where it has parts: before an @, after a dot or a slash."""
    breaks = {"@": Markup("<wbr>@"), ".": Markup(".<wbr>"), "/": Markup("/<wbr>")}
    return Markup("").join(breaks.get(part, escape(part)) for part in _PARTS.split(value))


FILTERS = {"mailto": mailto, "tel": tel, "web": web, "breakable": breakable}
