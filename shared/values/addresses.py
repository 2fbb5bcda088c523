"""The canonical form of an e-mail address, in which addresses are compared, hashed and mailed."""

import re
import unicodedata

import idna

_PLAIN = re.compile(r"[!#-~]+")  # ASCII without quotes and blanks
_ATOM = r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,.\"]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Added by web pages and spreadsheets to copied text; such characters can be neither seen nor typed."""
_MIN_QUOTED_LENGTH = 2
_SIGMAS = dict.fromkeys((0x3F2, 0x1D6D3, 0x1D70D, 0x1D747, 0x1D781, 0x1D7BB), "\u03c3")
"""All letters that NFKC maps to another one (a final sigma) than UTS 46 does (a sigma)."""


def canonical_address(address: str) -> str:
    """The canonical form of all spellings of an address. It never fails and is idempotent.

    The domain is the one that mail goes to: ASCII by IDNA 2008 (UTS 46), lower case, without a dot at its
    end; so ``straße.de`` and ``strasse.de`` stay two domains. Which local parts are one mailbox only the mail
    server knows: we treat upper and lower case, compatible characters (NFKC), needless quotes and invisible
    characters as equal, since not asking a customer is the lesser error. A suffix after a plus is part of the
    name. White space around is ignored. A text without ``@``, such as a phone number, is treated like a local
    part.
    """
    if _PLAIN.fullmatch(address):  # nearly all; the code below would give the same
        return address.lower().rstrip(".")
    local, at, domain = unicodedata.normalize("NFKC", address.translate(_SIGMAS)).strip().rpartition("@")
    if not at:
        return _trimmed(_folded(domain))
    return f"{_canonical_local(local)}@{_canonical_domain(domain)}"


def mailed_domain(domain: str) -> str:
    """The domain in the form that mail servers use; unchanged when it cannot be a domain name."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return _label_by_label(domain)


def _label_by_label(domain: str) -> str:
    """The domain with labels that IDNA refuses, such as ``a_b`` and ``r3---x``, left unchanged."""
    try:
        mapped = idna.uts46_remap(domain, std3_rules=False)
    except idna.IDNAError:
        return domain
    labels = [label if label.isascii() else _encoded_label(label) for label in mapped.split(".")]
    return ".".join(labels) if all(map(str.isascii, labels)) else domain


def _encoded_label(label: str) -> str:
    try:
        return idna.alabel(label).decode()
    except idna.IDNAError:
        return label


def earlier_forms(address: str) -> frozenset[str]:
    """The forms that earlier versions of this code gave the address, one for each spelling of its domain.

    A hash that they stored is found by looking for all of them. Empty when all versions agree.
    """
    if _PLAIN.fullmatch(address) and "xn--" not in address.lower() and not address.endswith("."):
        return frozenset()
    spellings = {address}
    local, at, domain = address.strip().rpartition("@")
    if at:
        mailed = _canonical_domain(domain)
        in_unicode = _unicode_domain(mailed)
        # The full stop of Japanese and Chinese keyboards, which IDNA accepts and earlier versions did not.
        spellings |= {f"{local}@{each}" for each in (mailed, in_unicode, in_unicode.replace(".", "。"))}
    forms = {unicodedata.normalize("NFKC", each).strip().casefold() for each in spellings}
    return frozenset(forms - {canonical_address(address)})


def _canonical_local(local: str) -> str:
    """Without needless quotes and backslashes: ``"kim"`` is ``kim`` (RFC 5321, 4.1.2)."""
    local = _folded(_INVISIBLE.sub("", local)).strip()
    if len(local) < _MIN_QUOTED_LENGTH or not (local.startswith('"') and local.endswith('"')):
        return local
    plain = _folded(_ESCAPED.sub(r"\1", local[1:-1]))
    if _DOT_ATOM.fullmatch(plain):
        return plain
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _canonical_domain(domain: str) -> str:
    """The mailed form, repeated until it is stable: folding may turn an invalid name into a valid one."""
    while (form := _mailed_form(domain)) != domain:
        domain = form
    return domain


def _mailed_form(domain: str) -> str:
    mailed = mailed_domain(_trimmed(domain))
    return _trimmed(mailed.lower() if mailed.isascii() else _folded(mailed))


def _trimmed(text: str) -> str:
    """Without white space around and dots at the end."""
    while (shorter := text.strip().rstrip(".")) != text:
        text = shorter
    return text


def _folded(text: str) -> str:
    """Case-folded and normalized, repeated until stable: each can undo the other."""
    while (folded := unicodedata.normalize("NFKC", text.casefold())) != text:
        text = folded
    return text


def _unicode_domain(domain: str) -> str:
    try:
        return idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain


def masked(address: str) -> str:
    """A hint by which the customer knows the address, and nobody else learns it: ``k•••@e•••.com``.

    A phone number is ``+45•••78``.
    """
    local, _, domain = address.strip().rpartition("@")
    name, _, ending = domain.rpartition(".")
    if not local and address.startswith("+"):
        return f"{address[:3]}•••{address[-2:]}"
    return f"{local[:1]}•••@{name[:1]}•••.{ending}" if local and name and ending else ""
