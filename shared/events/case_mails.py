"""``case-mails``: what became of the mails that cases sent to customers, and what customers wrote back."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from shared.events.envelope import Data, Instant, Name, Text, Topic

MAX_RECEIVED_CHARS = 10_000
"""Of what a customer writes; the rest is cut."""
MAX_ATTACHMENT_NAMES = 20
ReceivedText = Annotated[str, msgspec.Meta(max_length=MAX_RECEIVED_CHARS)]
MailDirection = Literal["out", "in"]
CaseMailState = Literal["waiting", "sent", "refused", "failed", "bounced", "unknown", "came"]
"""``refused``: by a rule of ours; ``failed``: by a mail server; ``came``: a customer's."""


class CaseMail(Data, frozen=True, kw_only=True):
    """One mail between a case and its customer: ours without its words, which are in ``replies``."""

    id: UUID
    """Of one of ours: that of the reply."""
    version: int
    direction: MailDirection
    kind: Name = "reply"
    """``reply``: a colleague wrote it; ``update``: it says what has been done about what was raised."""
    reply_id: UUID
    """The mail of ours that it is, or answers."""
    case_id: UUID
    answer_id: UUID
    improvement_id: UUID | None = None
    """Of an update: the action that it tells of."""
    state: CaseMailState
    reason: Text | None = None
    """Why it was not sent: a code where a rule of ours refused it, else what a mail server said."""
    at: Instant
    """When it came to this state; of a mail of a customer, when it came."""
    subject: Text | None = None
    text: ReceivedText | None = None
    """What the customer wrote, without what it quotes."""
    cut: bool = False
    """Whether the customer wrote more than that."""
    automatic: bool = False
    """Whether a program answered, such as an out-of-office reply."""
    other_sender: bool = False
    """Whether it came from another address than ours went to."""
    attachments: tuple[Text, ...] = ()
    """The names of what was attached, which is not kept."""
    customer_id: Text | None = None
    contact_key: Text | None = None
    person: Text | None = None
    erased: bool = False


CASE_MAILS = Topic(
    name="case-mails.v1",
    event_type="afterword.case_mail.changed",
    data=CaseMail,
    source="/afterword/dispatcher",
    identity=lambda mail: str(mail.id),
    version=lambda mail: mail.version,
    erasable=True,
)
