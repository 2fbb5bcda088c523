"""What the dispatcher removes of what is too old, in this order: what is overwritten before what is deleted.

What an event was decided by stays known for as long as it could come again. The keyed hashes by which
suppressions, preferences and the quarantine know an address stay for ever: a no is a no, and they say nothing
of anybody.
"""

from services.dispatcher.decisions.repository.counter_events import REMEMBERED
from services.dispatcher.models import (
    answer_heard,
    asked,
    audit_line,
    bounce,
    case_heard,
    case_mail,
    contact_preference,
    counter_event,
    countered,
    customer,
    customer_profile,
    decision,
    erasure,
    erasure_confirmation,
    erasure_request,
    invitation,
    invitation_change,
    known_customer,
    mail_back,
    sending_change,
    suppression_lift,
    text_back,
    text_reply,
    wave,
)
from shared.events.surveys import MAX_QUARANTINE_DAYS
from shared.outbound.deliveries import DELIVERY
from shared.privacy.persons import NOBODY
from shared.privacy.removal import (
    NO_EVENT,
    invitation_without_customer,
    transaction_without_customer,
    without_customer,
)
from shared.privacy.retention import LINK_END, LINK_OVER, ClearRule, DeleteRule, RetentionRule, RewriteRule
from shared.privacy.subjects import NO_DIGEST

ON_ITS_WAY = "('waiting', 'sending')"
"""The states of an invitation or delivery that is not settled."""
INVITATION_OVER = f"{{i}}.state NOT IN {ON_ITS_WAY} AND {LINK_OVER}"
"""Whether the customer of an invitation is to be removed."""
DECISION_CUSTOMER_OVER = f"""
    {{d}}.decided_at < :contacts
    AND NOT EXISTS (
        SELECT FROM invitation di
        WHERE di.tenant = {{d}}.tenant AND di.id = {{d}}.invitation_id
            AND NOT di.customer_removed AND NOT ({INVITATION_OVER.format(i="di")})
    )
"""
"""Whether the customer of a decision is to be removed: not before that of its invitation."""
DECISION_OVER = f"""
    {{d}}.decided_at < :decisions
    AND NOT EXISTS (
        SELECT FROM invitation di
        WHERE di.tenant = {{d}}.tenant AND di.id = {{d}}.invitation_id
            AND (di.state IN {ON_ITS_WAY} OR {LINK_END.format(i="di")} >= :now)
    )
"""
"""Whether a decision is to be deleted: not while its mail waits, or its link is followed."""
CASE_HOLDS_CUSTOMER = """EXISTS (
    SELECT FROM case_heard h
    WHERE h.tenant = t.tenant AND h.person = t.person AND (h.state <> 'closed' OR h.closed_at >= :contacts)
)"""
"""Whether alerts keeps the customer ``t`` yet, for a case that is open or was not closed long ago."""
CASE_CUSTOMER_OVER = "(t.closed_at < :contacts OR t.closed_at IS NULL)"
"""Whether alerts has removed the customer of a closed case."""
WITHOUT_IGNORED_ID = """
    convert_to(CAST(CAST(convert_from(t.grounds, 'UTF8') AS jsonb) - 'ignored_id' AS text), 'UTF8')
"""
CUSTOMER_OVER = f"""
    {{c}}.id !~ '^[0-9a-f]{{{{64}}}}$'
    AND coalesce(greatest({{c}}.invited_at, {{c}}.asked_elsewhere_at), '-infinity') < :contacts
    AND NOT EXISTS (
        SELECT FROM decision d
        WHERE d.tenant = {{c}}.tenant AND d.customer_id = {{c}}.id
            AND NOT ({DECISION_CUSTOMER_OVER.format(d="d")}) AND NOT ({DECISION_OVER.format(d="d")})
    )
    AND NOT EXISTS (
        SELECT FROM invitation i
        WHERE i.tenant = {{c}}.tenant AND i.customer_id = {{c}}.id AND NOT ({INVITATION_OVER.format(i="i")})
    )
"""
"""Whether the row of a customer's id is to be deleted: nothing else names the id any more."""

RETENTION: tuple[RetentionRule, ...] = (
    # Under which address a customer id came.
    DeleteRule("contacts", customer, CUSTOMER_OVER.format(c="t")),
    # What was asked under a customer's id, with the row of the id; and what no quarantine counts any more.
    DeleteRule(
        "contacts",
        asked,
        f"""
            t.asked_at + interval '{MAX_QUARANTINE_DAYS} days' < :now
            OR t.contact !~ '^[0-9a-f]{{64}}$' AND NOT EXISTS (
                SELECT FROM customer c
                WHERE c.tenant = t.tenant AND c.id = t.contact AND NOT ({CUSTOMER_OVER.format(c="c")})
            )
        """,
    ),
    # A pause that is over. Whoever wants fewer questions, or none by mail, goes on to want so.
    DeleteRule(
        "contacts",
        contact_preference,
        "t.paused_until < :now AND t.months IS NULL AND t.channel IS NULL",
    ),
    # By what a customer may be asked outside of an event.
    DeleteRule("contacts", customer_profile, "t.known_at < :contacts"),
    # By what a customer is known to an erasure, once no service has anything else of them.
    DeleteRule(
        "contacts",
        known_customer,
        f"""
            t.known_at < :contacts
            AND NOT {CASE_HOLDS_CUSTOMER}
            AND NOT EXISTS (
                SELECT FROM customer_profile p
                WHERE p.tenant = t.tenant AND p.person = t.person AND NOT (p.known_at < :contacts)
            )
            AND NOT EXISTS (
                SELECT FROM decision d
                WHERE d.tenant = t.tenant AND (d.person = t.person OR d.difference_person = t.person)
                    AND NOT ({DECISION_CUSTOMER_OVER.format(d="d")}) AND NOT ({DECISION_OVER.format(d="d")})
            )
            AND NOT EXISTS (
                SELECT FROM invitation i
                WHERE i.tenant = t.tenant AND i.person = t.person AND NOT ({INVITATION_OVER.format(i="i")})
            )
        """,
    ),
    # Of a counter-event what it counters; see REMEMBERED, after which it counters nothing more.
    DeleteRule(
        "contacts",
        counter_event,
        f"t.known_at < :contacts OR t.known_at + interval '{REMEMBERED.days} days' < :now",
    ),
    RewriteRule(
        "contacts",
        decision,
        # A customer's own id may be the one that stands in for an id that was removed.
        # A version without NO_DIGEST left the hash where it removed or erased the customer.
        f"""
            (t.person IS DISTINCT FROM '{NOBODY}' OR t.digest <> '{NO_DIGEST}')
            AND {DECISION_CUSTOMER_OVER.format(d="t")}
        """,
        "facts",
        transaction_without_customer,
        without_customer(
            decision,
            source_id="CAST(t.event_id AS text)",
            digest=f"'{NO_DIGEST}'",
            grounds=WITHOUT_IGNORED_ID,
            difference="NULL",
            difference_person="NULL",
            difference_contact="NULL",
        ),
    ),
    RewriteRule(
        "contacts",
        invitation,
        INVITATION_OVER.format(i="t"),
        "body",
        invitation_without_customer,
        # What a mail server said about an address may name it.
        without_customer(
            invitation,
            customer_removed="true",
            order_id="NULL",
            event_id=f"'{NO_EVENT}'",
            reason="CASE WHEN t.state IN ('failed', 'bounced', 'unknown') THEN NULL ELSE t.reason END",
        ),
    ),
    ClearRule(
        "contacts",
        case_heard,
        f"""
            t.state = 'closed' AND {CASE_CUSTOMER_OVER}
            AND (t.person <> '{NOBODY}' OR t.contact_key IS NOT NULL)
        """,
        without_customer(case_heard),
    ),
    ClearRule(
        "cases",
        case_heard,
        "t.state = 'closed' AND t.closed_at < :cases AND t.owner IS NOT NULL",
        "owner = NULL",
    ),
    ClearRule(
        "contacts",
        case_mail,
        f"t.changed_at < :contacts AND t.state <> 'waiting' AND t.person <> '{NOBODY}'",
        without_customer(case_mail),
    ),
    DeleteRule("decisions", decision, DECISION_OVER.format(d="t")),
    DeleteRule("decisions", countered, "t.at < :decisions"),
    DeleteRule("decisions", invitation_change, "t.at < :decisions"),
    DeleteRule("decisions", bounce, "t.at < :decisions"),
    # What was decided about its customers is gone by then.
    DeleteRule("decisions", wave, "t.ended_at < :decisions"),
    DeleteRule("decisions", answer_heard, "t.heard_at < :decisions"),
    DeleteRule(
        "decisions",
        case_heard,
        f"""
            t.heard_at < :decisions AND t.state = 'closed'
            AND (t.person = '{NOBODY}' OR {CASE_CUSTOMER_OVER})
        """,
    ),
    DeleteRule("deliveries", text_back, "t.at < :deliveries"),
    DeleteRule("deliveries", text_reply, "t.came_at < :deliveries"),
    # Without it nobody takes an answer to it any more. That an update was written stays for ever, without the
    # customer: what is published anew is told to nobody twice.
    DeleteRule(
        "deliveries",
        case_mail,
        "t.changed_at < :deliveries AND t.state <> 'waiting' AND t.improvement_id IS NULL",
    ),
    DeleteRule("deliveries", mail_back, "t.came_at < :deliveries"),
    DeleteRule("deliveries", DELIVERY, f"t.due_at < :deliveries AND t.state NOT IN {ON_ITS_WAY}"),
    # Forms know by the last change whether they are stale.
    DeleteRule(
        "audit",
        sending_change,
        """
            t.at < :audit AND EXISTS (
                SELECT FROM sending_change later WHERE later.tenant = t.tenant AND later.id > t.id
            )
        """,
    ),
    DeleteRule("audit", suppression_lift, "t.at < :audit"),
    DeleteRule("audit", audit_line, "t.at < :audit"),
    # That somebody is erased stays in ``erased``; who asked for it and why does not.
    DeleteRule("audit", erasure, "t.asked_at < :audit"),
    DeleteRule("audit", erasure_request, "t.asked_at < :audit"),
    DeleteRule("audit", erasure_confirmation, "t.confirmed_at < :audit"),
)
