"""What the collector removes of what is too old, in this order."""

import msgspec

from services.collector.domain import InvitationReplica
from services.collector.models import answer, answer_history, answered_link, case_copy, intent, invitation
from shared.privacy.persons import NOBODY
from shared.privacy.removal import (
    HAS_WRITTEN_REPLIES,
    NO_EVENT,
    REMOVED_ID,
    WITHOUT_WRITTEN_REPLIES,
    without_customer,
)
from shared.privacy.retention import LINK_OVER, ClearRule, DeleteRule, RetentionRule, RewriteRule


def replica_without_customer(body: bytes) -> bytes:
    """A stored invitation without its customer."""
    replica = _invitations.decode(body)
    return msgspec.json.encode(
        msgspec.structs.replace(
            replica,
            customer_id=REMOVED_ID,
            contact_key=None,
            person=NOBODY,
            event_id=NO_EVENT,
            occurred_at=None,
            time_zone=None,
        )
    )


_invitations = msgspec.json.Decoder(InvitationReplica)
HAS_TEXTS = f"(t.comment IS NOT NULL OR t.follow_up IS NOT NULL OR {HAS_WRITTEN_REPLIES})"
WITHOUT_TEXTS = f"comment = NULL, follow_up = NULL, {WITHOUT_WRITTEN_REPLIES}"
HAS_OBJECTION_WORDS = "jsonb_path_exists(t.objections, '$[*].words ? (@ != null)')"
WITHOUT_OBJECTION_WORDS = """objections = (
    SELECT jsonb_agg(o.said - 'words' ORDER BY o.place)
    FROM jsonb_array_elements(t.objections) WITH ORDINALITY AS o(said, place)
)"""

RETENTION: tuple[RetentionRule, ...] = (
    RewriteRule(
        "contacts",
        invitation,
        LINK_OVER.format(i="t"),
        "body",
        replica_without_customer,
        without_customer(invitation, customer_removed="true"),
    ),
    ClearRule(
        "contacts",
        answer,
        """
            (t.answered_at < :contacts OR t.answered_at IS NULL AND t.changed_at < :contacts)
            AND (t.customer_id IS NOT NULL OR t.contact_key IS NOT NULL OR t.event_id IS NOT NULL
                OR t.number_key IS NOT NULL)
        """,
        without_customer(answer, event_id="NULL", invited_at="NULL"),
    ),
    ClearRule("comments", answer, f"t.answered_at < :comments AND {HAS_TEXTS}", WITHOUT_TEXTS),
    ClearRule(
        "comments",
        answer,
        f"t.answered_at < :comments AND {HAS_OBJECTION_WORDS}",
        WITHOUT_OBJECTION_WORDS,
    ),
    ClearRule("comments", answer_history, f"t.changed_at < :comments AND {HAS_TEXTS}", WITHOUT_TEXTS),
    # Whoever has an old link is told that it is gone, answered or not.
    DeleteRule(
        "contacts",
        answered_link,
        f"""EXISTS (
            SELECT FROM invitation i
            WHERE i.tenant = t.tenant AND i.id = t.invitation_id
                AND (i.customer_removed OR {LINK_OVER.format(i="i")})
        )""",
    ),
    # Nobody is shown a receipt any more long before.
    DeleteRule("contacts", case_copy, "t.closed_at < :contacts"),
    DeleteRule("visits", intent, "t.last_at < :visits"),
)
