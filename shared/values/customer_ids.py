"""Customer ids that stand for nobody: what shops and forms write where they know no customer."""

import re
import unicodedata
from collections.abc import Set as AbstractSet

PLACEHOLDERS = frozenset(
    {
        *("guest", "guestuser", "guestcustomer", "guestcheckout", "walkin", "walkincustomer", "visitor"),
        *("anonymous", "anonymoususer", "anonymouscustomer", "anon", "anonym", "anonymised", "anonymized"),
        *(
            "null",
            "nil",
            "none",
            "undefined",
            "nan",
            "na",
            "notavailable",
            "notapplicable",
            "notset",
            "unset",
        ),
        *("unknown", "unknownuser", "unknowncustomer", "empty", "blank", "missing", "void", "false", "noid"),
        *(
            "nouser",
            "nocustomer",
            "notloggedin",
            "loggedout",
            "nobody",
            "default",
            "dummy",
            "placeholder",
            "test",
            "testuser",
            "tbd",
        ),
        *("customer", "customerid", "user", "userid", "objectobject"),
        *(
            "gæst",
            "gäst",
            "gjest",
            "ikkeloggetind",
            "nietingelogd",
            "ukendt",
            "ingen",
            "gast",
            "onbekend",
            "anoniem",
            "geen",
            "unbekannt",
            "keine",
            "invité",
        ),
        *("anonyme", "inconnu", "aucun", "invitado", "desconocido", "anónimo", "ninguno", "okänd", "ukjent"),
        "f" * 32,  # the UUID of ones alone
    }
)
"""In the form of ``_letters``. Beside them: zeros, minus one, punctuation alone, templates left unfilled."""

_NUMBERED = re.compile(r"(?=[^2-9]*[2-9])[\w.@:/+-]++")
"""Nearly all ids: no placeholder has such a digit, and no template is made of these characters alone."""
_MINUS_ONE = re.compile(r"[-\N{MINUS SIGN}]0*1(?:[.,]0+)?")
_UNFILLED = re.compile(r"\{[{%].*[%}]\}|\$\{?\w.*\}|%+[a-z_]+%+|<%.*%>|\*\|.*\|\*", re.DOTALL)
_REPEATED = re.compile(r"\A(.{2,}?)\1+\Z", re.DOTALL)
_NO_LETTERS = re.compile(r"[\W_]+")


def stands_for_nobody(customer_id: str, own: AbstractSet[str] = frozenset()) -> bool:
    """Whether this is no id of anybody. ``own``: more such ids of the company, as ``folded`` gives them."""
    text = folded(customer_id)
    if _NUMBERED.fullmatch(text):
        return text in own
    if text in own or _MINUS_ONE.fullmatch(text) or _UNFILLED.fullmatch(text):
        return True
    letters = _NO_LETTERS.sub("", text)
    once = _REPEATED.sub(r"\1", letters)  # “undefined undefined”: two empty fields put together
    return once in PLACEHOLDERS or letters in PLACEHOLDERS or not letters.strip("0")


def folded(customer_id: str) -> str:
    """As ids are compared with those of a list: case, compatible characters and blanks around are nothing."""
    return unicodedata.normalize("NFKC", customer_id).strip().casefold()
