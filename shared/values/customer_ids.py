"""Placeholders in the customer id: what shops and forms send when they do not know the customer."""

import re
import unicodedata
from collections.abc import Set as AbstractSet

PLACEHOLDER_IDS = frozenset(
    """
    guest guestuser guestcustomer guestcheckout walkin walkincustomer visitor
    anonymous anonymoususer anonymouscustomer anon anonym anonymised anonymized
    null nil none undefined nan na notavailable notapplicable notset unset
    unknown unknownuser unknowncustomer empty blank missing void false noid
    nouser nocustomer notloggedin loggedout nobody default dummy placeholder test testuser tbd
    customer customerid user userid objectobject
    gæst gäst gjest ikkeloggetind nietingelogd ukendt ingen gast onbekend anoniem geen unbekannt keine invité
    anonyme inconnu aucun invitado desconocido anónimo ninguno okänd ukjent
    ffffffffffffffffffffffffffffffff
    """.split()  # noqa: SIM905  (reads better than quoted words)
)
"""Folded, letters and digits only; the last is the UUID of ones. Further placeholders: zeros, minus one,
punctuation alone, unfilled templates."""

_NUMBERED = re.compile(r"(?=[^2-9]*[2-9])[\w.@:/+-]++")
"""Matches nearly all real ids: no placeholder has such a digit, no template only these characters."""
_MINUS_ONE = re.compile(r"[-\N{MINUS SIGN}]0*1(?:[.,]0+)?")
_UNFILLED = re.compile(r"\{[{%].*[%}]\}|\$\{?\w.*\}|%+[a-z_]+%+|<%.*%>|\*\|.*\|\*", re.DOTALL)
_REPEATED = re.compile(r"\A(.{2,}?)\1+\Z", re.DOTALL)
_NO_LETTERS = re.compile(r"[\W_]+")


def is_placeholder_id(customer_id: str, own: AbstractSet[str] = frozenset()) -> bool:
    """Whether the id is a placeholder; ``own`` has the company's further ones, folded."""
    text = folded_customer_id(customer_id)
    if _NUMBERED.fullmatch(text):
        return text in own
    if text in own or _MINUS_ONE.fullmatch(text) or _UNFILLED.fullmatch(text):
        return True
    letters = _NO_LETTERS.sub("", text)
    once = _REPEATED.sub(r"\1", letters)  # “undefined undefined”: two empty fields in one
    return once in PLACEHOLDER_IDS or letters in PLACEHOLDER_IDS or not letters.strip("0")


def folded_customer_id(customer_id: str) -> str:
    """The form in which ids are compared: without case, compatible characters and white space around."""
    return unicodedata.normalize("NFKC", customer_id).strip().casefold()
