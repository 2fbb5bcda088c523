"""``retention``: for how many days a tenant keeps each kind of data, in one event for the whole tenant."""

from typing import Annotated, Literal, get_args

from annotated_types import Interval
from msgspec.structs import force_setattr

from shared.events.envelope import Data, Instant, Topic
from shared.limits import TOPIC_RETENTION

RetentionKind = Literal[
    "contacts", "comments", "cases", "decisions", "visits", "deliveries", "sessions", "audit"
]
RETENTION_KINDS: tuple[RetentionKind, ...] = get_args(RetentionKind)

MAX_RETENTION_DAYS = 3650
MIN_TOPIC_DAYS = TOPIC_RETENTION.days + 1
"""What is older is on no topic any more: nothing that is read again can bring it back."""
MIN_DECISION_DAYS = 30 + 2 * TOPIC_RETENTION.days + 1
"""An event may be accepted when it is thirty days old, and come again from a dead letter after as long as a
topic keeps one: until then its decision must be known, or it would be decided twice."""
MIN_REQUEST_DAYS = 30
"""The API promises to know an idempotency key for so long."""
MIN_AUDIT_DAYS = 365
"""A company must be able to demonstrate who did what with personal data (GDPR, articles 5(2), 24 and 30):
nobody looks at everybody, and has the trace removed soon after. A trigger of the dispatcher holds it, too."""


class RetentionRules(Data, frozen=True, kw_only=True):
    """For how many days each kind of data is kept: the only list of kinds, defaults and bounds.

    The intervals bound what may be set; an event is read whatever its values are, but the log is kept for the
    least number of its days in any case.
    """

    contacts: Annotated[int, Interval(ge=MIN_TOPIC_DAYS, le=MAX_RETENTION_DAYS)] = 730
    """Addresses, names, phone numbers, ids and attributes of customers, after their link has ended."""
    comments: Annotated[int, Interval(ge=MIN_TOPIC_DAYS, le=MAX_RETENTION_DAYS)] = 730
    """What customers wrote, and the notes about their cases."""
    cases: Annotated[int, Interval(ge=MIN_TOPIC_DAYS, le=MAX_RETENTION_DAYS)] = 1095
    """Who did what about a case, after it was closed."""
    decisions: Annotated[int, Interval(ge=MIN_DECISION_DAYS, le=MAX_RETENTION_DAYS)] = 400
    """Which event was asked about, and why or why not."""
    visits: Annotated[int, Interval(ge=1, le=MAX_RETENTION_DAYS)] = 30
    """When the link of an invitation was followed."""
    deliveries: Annotated[int, Interval(ge=MIN_TOPIC_DAYS, le=MAX_RETENTION_DAYS)] = 90
    """What became of each mail."""
    sessions: Annotated[int, Interval(ge=MIN_REQUEST_DAYS, le=MAX_RETENTION_DAYS)] = 30
    """Idempotency keys of requests about cases. Sessions and links to sign in are deleted when they end."""
    audit: Annotated[int, Interval(ge=MIN_AUDIT_DAYS, le=MAX_RETENTION_DAYS)] = 730
    """Who looked at or changed what."""

    def __post_init__(self) -> None:
        """Keep the log as long as it must be, also under rules of a version that allowed less."""
        if self.audit < MIN_AUDIT_DAYS:
            force_setattr(self, "audit", MIN_AUDIT_DAYS)


class TenantRetention(RetentionRules, frozen=True, kw_only=True):
    """How long the tenant keeps its data. A tenant without an event has the defaults."""

    version: int
    changed_at: Instant


RETENTION = Topic(
    name="retention.v1",
    event_type="afterword.retention.changed",
    data=TenantRetention,
    source="/afterword/dispatcher",
    identity=lambda _: "retention",
    version=lambda retention: retention.version,
    compacted=True,
)
