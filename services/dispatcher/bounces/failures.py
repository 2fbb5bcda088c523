"""What a report about one mail means: pure rules.

| report | kind | what it does |
|---|---|---|
| failed, 5.1.x, 5.3.0, 5.5.x to 5.7.x, about the mailbox | hard | the address gets no mail any more |
| failed, x.2.x (full, off), 5.3.x, 5.4.x, 5.0.0 and no clear text | soft | the third in 30 days drops it |
| failed, 5.1.x, 5.5.x to 5.7.x, about us or unclear | policy | nobody is dropped |
| delayed, relayed, delivered, expanded; failed with another 4.x.x | none | nothing |
| reported as spam | complaint | the customer is never asked again |

The cause is read from status and words together, as of a refusal that a mail server gives us itself
(``shared/mail/refusals.py``): servers give one status to unknown users and to senders that they do not like.
Without a status of its own, or with x.0.0, the status in the server's words counts, and then the words.
"""

import re
from datetime import timedelta
from typing import Literal, NamedTuple

from shared.mail.references import MailReference
from shared.mail.refusals import FIRST_PERMANENT_CODE, RefusalCause, SmtpStep, read_refusal

BounceKind = Literal["hard", "soft", "policy", "complaint"]
ReportSource = Literal["ses", "postmark", "mailgun", "smtp", "imap"]
"""By which way a report came."""
Provider = Literal["ses", "postmark", "mailgun"]
SOFT_BOUNCES = 3
"""So many mails that came back softly within :data:`SOFT_DAYS` drop an address."""
SOFT_DAYS = timedelta(days=30)
BY_SEVERITY: tuple[BounceKind, ...] = ("complaint", "hard", "policy", "soft")

_STATUS = re.compile(r"(?<![\d.])([245])\.([0-7])\.(\d{1,3})(?!\.?\d)")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_FULL = re.compile(
    r"quota|mail ?box .{0,20}full|full .{0,20}mail ?box|insufficient .{0,20}(storage|space)", re.IGNORECASE
)
_PERMANENT, _TEMPORARY = 5, 4
_UNKNOWN_CODE = 550
_KINDS_BY_CAUSE: dict[RefusalCause, BounceKind] = {
    "mailbox": "hard",
    "us": "policy",
    "unclear": "soft",
    "destination": "soft",
}
"""Of a failure without a status that says something."""


class MailReport(NamedTuple):
    """What somebody reports of one of our mails."""

    mail: MailReference
    kind: BounceKind
    status: str | None = None
    """The enhanced status code, where there is one."""


class ReportFinding(NamedTuple):
    """What a report says, before it is known of which mail."""

    kind: BounceKind | None
    """None: nothing that does anything, such as a delay."""
    status: str | None = None


def worst(findings: list[ReportFinding]) -> ReportFinding | None:
    """The finding that does most; None when there is none at all."""
    order = (*BY_SEVERITY, None)
    return min(findings, key=lambda each: order.index(each.kind), default=None)


def judge_failure(action: str, status: str, text: str) -> ReportFinding:
    """What a failed delivery means, of whatever report.

    :param action: of RFC 3464, 2.3.3; empty: not said, the status decides.
    :param status: the enhanced status code; empty: not said.
    :param text: what the mail server said.
    """
    if action.strip().lower() not in {"", "failed"}:
        return ReportFinding(None)
    found = _significant(status) or _significant(text) or _STATUS.search(status) or _STATUS.search(text)
    code = _CODE.search(text)
    if found is None and code is None:
        return ReportFinding(_by_text(None, text)) if action else ReportFinding(None)
    shown = ".".join(found.groups()) if found is not None else None
    number = int(found[1]) if found is not None else int(code[1][0]) if code is not None else _PERMANENT
    subject, detail = (int(found[2]), int(found[3])) if found is not None else (0, 0)
    if number == _TEMPORARY:
        # A mailbox that was full until the last try is as full as one of which that is said at once.
        given_up = bool(action) and (subject == 2 or _FULL.search(text) is not None)  # noqa: PLR2004  (RFC 3463)
        return ReportFinding("soft" if given_up else None, shown)
    if number != _PERMANENT:
        return ReportFinding(None, shown)
    reply = int(code[1]) if code is not None else None
    if subject == 0:
        return ReportFinding(_by_text(reply, text), shown)
    return ReportFinding(_by_status(reply, subject, detail, text), shown)


def status_in(text: str) -> str | None:
    """The enhanced status code in a text, the first one."""
    found = _STATUS.search(text)
    return ".".join(found.groups()) if found is not None else None


def _significant(text: str) -> re.Match[str] | None:
    """The first status that says something: x.0.0 says nothing."""
    return next((each for each in _STATUS.finditer(text) if each[2] != "0"), None)


def _by_status(code: int | None, subject: int, detail: int, text: str) -> BounceKind:
    """The kind by the status, and by the server's words where senders and mailboxes share it."""
    about = _cause(code, f"{_PERMANENT}.{subject}.{detail} {text}")
    if subject in {2, 3, 4}:
        return "hard" if (subject, detail) == (3, 0) and about == "mailbox" else "soft"
    return "hard" if about == "mailbox" else "policy"


def _by_text(code: int | None, text: str) -> BounceKind:
    """The kind by the server's words; without a code they must be clear."""
    if _FULL.search(text):
        return "soft"
    return _KINDS_BY_CAUSE[_cause(code, text)]


def _cause(code: int | None, text: str) -> RefusalCause:
    step: SmtpStep = "RCPT TO" if code is not None else "DATA"
    permanent = code if code is not None and code >= FIRST_PERMANENT_CODE else _UNKNOWN_CODE
    return read_refusal(step, permanent, text).about
