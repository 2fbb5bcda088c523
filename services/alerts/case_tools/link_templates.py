"""Links into a company's own systems: addresses whose host is fixed, with values in the rest of them.

They are shown to colleagues, and opened by nobody else: we fetch none of them.
"""

import re
from collections.abc import Collection, Mapping
from functools import partial
from urllib.parse import quote, unquote, urlsplit

from services.alerts.case_tools.placeholders import filled, listed, placeholders_of, unknown_placeholder
from shared.pages.outward_links import web
from shared.values.messages import Message, message

MAX_LINK_CHARS = 1_000
SCHEME = "https://"
HTTPS_ONLY = message("Write an address that begins with https://.")
NO_HOST = message("Write a host that is there for every case, such as https://shop.example/orders/.")
FIXED_HOST = message("A placeholder may stand behind the host only: after its first slash.")
NO_SIGN_IN = message(
    "Leave out the name and password before the @: everybody who opens a case would read them."
)
STRAY = message("Write an address without blanks, backslashes and single braces.")
NO_DOTS = message("Leave out parts of the path that are . or .. alone: write where it leads.")
DOTS = frozenset({".", ".."})
"""Parts of a path that lead to another one."""
_percent_encoded = partial(quote, safe="", errors="replace")


def link_fault(template: str, known: Collection[str], needed: str | None = None) -> Message | None:
    """What is wrong with the template of a link; None: nothing.

    :param known: the placeholders that it may have.
    :param needed: the one that it must have.
    """
    if (fault := _host_fault(template)) is not None:
        return fault
    if (unknown := unknown_placeholder(template, known)) is not None:
        return message(
            "There is no placeholder %(unknown)s here. Use: %(known)s.", unknown=unknown, known=listed(known)
        )
    if any(brace in filled(template, dict.fromkeys(known, "")) for brace in "{}"):
        return STRAY
    if _changes_folder(filled(template, dict.fromkeys(known, "value"))):
        return NO_DOTS
    if needed is not None and needed not in placeholders_of(template):
        return message("Write %(needed)s where the value belongs.", needed=listed([needed]))
    return None


def _host_fault(template: str) -> Message | None:
    """What is wrong with the template up to its path, or with its characters."""
    authority = re.split(r"[/?#]", template.removeprefix(SCHEME), maxsplit=1)[0]
    faults = (
        (HTTPS_ONLY, not template.startswith(SCHEME)),
        (STRAY, " " in template or "\\" in template or not template.isprintable()),
        (FIXED_HOST, "{" in authority or "}" in authority),
        (NO_SIGN_IN, "@" in authority),
        (NO_HOST, not _has_host(template)),
    )
    return next((fault for fault, found in faults if found), None)


def filled_link(template: str, values: Mapping[str, str]) -> str:
    """The link with its values, percent-encoded; empty where one is missing, or it would lead elsewhere."""
    if any(not values.get(name) for name in placeholders_of(template)):
        return ""
    link = filled(template, values, _percent_encoded)
    return "" if _changes_folder(link) else web(link)


def _changes_folder(link: str) -> bool:
    """Whether a part of its path leads to another one than it says."""
    return any(unquote(part) in DOTS for part in urlsplit(link).path.split("/"))


def _has_host(template: str) -> bool:
    try:
        parts = urlsplit(template)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
