"""``invitations``: one customer asked once, from the decision to the outcome of the mail."""

from typing import Literal
from uuid import UUID

from msgspec import UNSET, Raw, UnsetType

from shared.events.envelope import Data, Instant, Name, Text, Topic
from shared.events.surveys import Measurement
from shared.events.transactions import Account, Customer

InvitationState = Literal["waiting", "sending", "sent", "withheld", "dropped", "failed", "bounced", "unknown"]
"""waiting: not due yet; withheld: not sent, since the tenant is in test mode; dropped: a rule forbade it when
it was to be sent (``reason``); failed: the mail server refused it; unknown: the connection broke while it was
sent, and it is never sent again."""


ReportState = Literal["delivered", "undeliverable"]
"""Whether a text has reached the phone, as the networks say."""


class Invitation(Data, frozen=True, kw_only=True):
    """The state of an invitation. Its customer, segments and texts never change after the decision."""

    id: UUID
    version: int
    state: InvitationState
    reason: Text | None = None
    survey_id: UUID
    survey_version: int
    survey_name: Name
    measurement: Measurement
    language: Name
    channel: Text = "mail"
    """By which it asks. ``sms``: what is said of mails holds for its texts; ``link``: no mail is sent, the
    company shows the link itself since ``sent_at``."""
    test: bool
    """Whether it was made for a test address or in test mode: its answer never counts."""
    customer: Customer
    contact_key: Text | None = None
    """The keyed hash of the customer's mail address, or of the phone number where there is none: several
    people may share one customer id."""
    number_key: Text | None = None
    """The keyed hash of the number that it is texted to, where the customer has a mail address, too."""
    person: Text | None = None
    """The pseudonym of the customer; None: of nobody, or published by a version that knew none."""
    anonymous: bool = False
    """Whether its answer is kept without a person, as its mail says."""
    drawn_percent: int | None = None
    """Of how many percent of the contacts of its segment the customer is one, by the survey's draw. None: no
    draw (a wave, a test address), or published by a version that did not tell."""
    beyond_draw: bool = False
    """Whether the customer was not drawn, and is asked since their last answer was a detractor's: the answer
    opens a case as any other, and counts in no score."""
    erased: bool = False
    """Whether everything personal was erased from it, at the customer's request."""
    account: Account | None = None
    handled_by: Text | None = None
    recovery_of: UUID | None = None
    """The case whose customer it asks again; None: of no recovery survey."""
    event_id: UUID
    event_type: Name
    occurred_at: Instant
    touchpoint: Text | None = None
    segments: dict[str, str] = {}
    organisation: tuple[str, ...] = ()
    attributes: Raw | UnsetType = UNSET
    decided_at: Instant
    due_at: Instant
    asked_at: Instant | None = None
    """Of a mail that was dropped, since the customer had been asked not long before: when that was."""
    sent_at: Instant | None = None
    reminding_since: Instant | None = None
    """When the last reminder began to be handed to the mail server; None: there was none, it was not taken,
    or published by a version that did not say."""
    reminded_at: Instant | None = None
    """When the mail server last took a reminder: before ``reminding_since``, if it has not taken that one
    yet; None: it has taken none, or as above."""
    report: ReportState | None = None
    """What the SMS provider has said of a text that it took; None: nothing yet."""
    report_code: Text | None = None
    """The provider's code for why it could not be delivered."""
    reported_at: Instant | None = None
    expires_at: Instant


INVITATIONS = Topic(
    name="invitations.v1",
    event_type="afterword.invitation.changed",
    data=Invitation,
    source="/afterword/dispatcher",
    identity=lambda invitation: str(invitation.id),
    version=lambda invitation: invitation.version,
    erasable=True,
)
