"""Bounces that are written for people alone, as qmail, older Exim and older gateways write them."""

import re
from email.message import Message

from services.dispatcher.bounces.failures import ReportFinding, judge_failure

_SYSTEM = re.compile(
    r"mailer[-_ ]?daemon|mail delivery (sub)?system|postmaster|system administrator", re.IGNORECASE
)
_FAILED = re.compile(
    r"undeliver|returned mail|failure notice|delivery (has )?failed|delivery failure|mail delivery failed"
    r"|could not be delivered|did not reach the following|unable to deliver|wasn'?t able to deliver"
    r"|couldn'?t be delivered|permanent(ly)? (error|failed|fatal)",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"\bdelay|not yet been delivered|will (continue|keep) (to )?try|still being retried|no action is required"
    r"|warning: (could not send|message)",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"^-{2,} ?(below this line is a copy|this is a copy of|original message|the (header|body) of the original"
    r"|unsent message|your original|forwarded|message header)",
    re.IGNORECASE | re.MULTILINE,
)
"""Where the copy of our mail begins."""
MAX_CHARACTERS = 8_000
"""Characters that are looked at: what happened stands in the first lines."""


def read_plain_bounce(message: Message, text: str) -> ReportFinding | None:
    """What a mail without a machine's part says; None: it is no bounce.

    :param text: its first text part.
    """
    if not (_SYSTEM.search(str(message.get("From", ""))) or message.get("X-Failed-Recipients")):
        return None
    copy = _COPY.search(text)
    said = text[: copy.start() if copy is not None else MAX_CHARACTERS][:MAX_CHARACTERS]
    subject = str(message.get("Subject", ""))
    if _DELAYED.search(subject) or (_DELAYED.search(said) and not _FAILED.search(subject)):
        return ReportFinding(None)
    if not _FAILED.search(subject) and not _FAILED.search(said):
        return None
    return judge_failure("failed", "", " ".join(said.split()))
