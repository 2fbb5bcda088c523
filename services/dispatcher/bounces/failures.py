"""What a report about one mail means: pure rules.

| report | kind | what it does |
|---|---|---|
| failed, 5.1.x but 5.1.7, 5.1.8 and 5.1.90 | hard | the address gets no mail any more |
| failed, x.2.x (full, off), 5.3.x, 5.4.x, 5.0.0 and no clear text | soft | the third in 30 days drops it |
| failed, 5.1.7, 5.1.8, 5.1.90, 5.5.x, 5.6.x, 5.7.x | policy | it is about us: nobody is dropped |
| delayed, relayed, delivered, expanded; failed with another 4.x.x | none | nothing |
| reported as spam | complaint | the customer is never asked again |

Without a status of its own, or with x.0.0, the status in the server's words counts, and then the words.
"""

import re
from datetime import timedelta
from typing import Literal, NamedTuple

from shared.mail.references import MailReference
from shared.mail.refusals import SmtpStep, read_refusal

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
_ABOUT_US = {(1, 7), (1, 8), (1, 90)}
_FULL = re.compile(
    r"quota|mail ?box .{0,20}full|full .{0,20}mail ?box|insufficient .{0,20}(storage|space)", re.IGNORECASE
)
_PERMANENT, _TEMPORARY = 5, 4
_UNKNOWN_CODE = 550


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
    if subject == 0:
        return ReportFinding(_by_text(int(code[1]) if code is not None else None, text), shown)
    return ReportFinding(_by_status(subject, detail), shown)


def status_in(text: str) -> str | None:
    """The enhanced status code in a text, the first one."""
    found = _STATUS.search(text)
    return ".".join(found.groups()) if found is not None else None


def _significant(text: str) -> re.Match[str] | None:
    """The first status that says something: x.0.0 says nothing."""
    return next((each for each in _STATUS.finditer(text) if each[2] != "0"), None)


def _by_status(subject: int, detail: int) -> BounceKind:
    if (subject, detail) in _ABOUT_US or subject in {5, 6, 7}:
        return "policy"
    return "hard" if subject == 1 else "soft"


def _by_text(code: int | None, text: str) -> BounceKind:
    """The kind by the server's words; without a code they must be clear."""
    if _FULL.search(text):
        return "soft"
    step: SmtpStep = "RCPT TO" if code is not None else "DATA"
    about = read_refusal(step, max(code or 0, _UNKNOWN_CODE), text).about
    return {"mailbox": "hard", "us": "policy", "unclear": "soft"}[about]  # type: ignore[return-value]
