"""One mailbox, one spelling: the form of an e-mail address that is compared, hashed and mailed."""

import re
import unicodedata

import idna

_PLAIN = re.compile(r"[!#-~]+")  # ASCII without quotes and blanks
_ATOM = r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,.\"]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""What pages and spreadsheets add to a text that is copied; nobody can see or type it."""
_SHORTEST_QUOTED = 2


def canonical(address: str) -> str:
    """The one form of all spellings of an address; never fails, and applied twice it changes nothing.

    The domain is the one that is mailed: ASCII by IDNA 2008 (UTS 46), lower case, without a dot at its end;
    so ``straße.de`` and ``strasse.de`` stay the two domains that they are. Which local parts a server takes
    for one mailbox only that server knows: upper and lower case, compatible characters (NFKC) and needless
    quotes are taken for one, and invisible marks for nothing, since not to ask somebody is the lesser fault.
    What follows a plus belongs to the name. Blanks around count for nothing. What has no ``@``, such as a
    phone number, is compared as a local part is.
    """
    if _PLAIN.fullmatch(address):  # nearly all; what follows comes to the same
        return address.lower().rstrip(".")
    local, at, domain = unicodedata.normalize("NFKC", address).strip().rpartition("@")
    if not at:
        return _trimmed(_folded(domain))
    return f"{_canonical_local(local)}@{_canonical_domain(domain)}"


def mailed_domain(domain: str) -> str:
    """The domain as mail servers know it; as it stands where no such name can exist."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return _label_by_label(domain)


def _label_by_label(domain: str) -> str:
    """Some domains have labels that IDNA does not know, such as ``a_b`` and ``r3---x``: these stay as they
    are, and do not keep the others from their one form.
    """
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
    """What earlier versions took for the address's one form: one for each spelling of its domain. A hash that
    they stored is found by looking for all of these; none, where all versions agree.
    """
    if _PLAIN.fullmatch(address) and "xn--" not in address.lower() and not address.endswith("."):
        return frozenset()
    spellings = {address}
    local, at, domain = address.strip().rpartition("@")
    if at:
        mailed = _canonical_domain(domain)
        in_unicode = _unicode_domain(mailed)
        # Who types Japanese or Chinese types this stop, which is one to IDNA and was none to us.
        spellings |= {f"{local}@{each}" for each in (mailed, in_unicode, in_unicode.replace(".", "。"))}
    forms = {unicodedata.normalize("NFKC", each).strip().casefold() for each in spellings}
    return frozenset(forms - {canonical(address)})


def _canonical_local(local: str) -> str:
    """Without needless quotes and backslashes: ``"kim"`` is ``kim`` (RFC 5321, 4.1.2)."""
    local = _folded(_INVISIBLE.sub("", local)).strip()
    if len(local) < _SHORTEST_QUOTED or not (local.startswith('"') and local.endswith('"')):
        return local
    plain = _folded(_ESCAPED.sub(r"\1", local[1:-1]))
    if _DOT_ATOM.fullmatch(plain):
        return plain
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _canonical_domain(domain: str) -> str:
    """Until it holds: what cannot be a name is folded, and may then be one."""
    while (form := _mailed_form(domain)) != domain:
        domain = form
    return domain


def _mailed_form(domain: str) -> str:
    mailed = mailed_domain(_trimmed(domain))
    return _trimmed(mailed.lower() if mailed.isascii() else _folded(mailed))


def _trimmed(text: str) -> str:
    """Without blanks around and dots at the end."""
    while (shorter := text.strip().rstrip(".")) != text:
        text = shorter
    return text


def _folded(text: str) -> str:
    """Case folded and normalised until both hold: the one can undo the other."""
    while (folded := unicodedata.normalize("NFKC", text.casefold())) != text:
        text = folded
    return text


def _unicode_domain(domain: str) -> str:
    try:
        return idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain
