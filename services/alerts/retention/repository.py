"""What is removed of cases, answers, invitations and notices that are too old, in this order.

Nothing is removed of a case under way, nor of its answers: their time begins when it is closed.
"""

from services.alerts.models import (
    answer,
    answer_before,
    case_mail,
    case_request,
    cases,
    chat_message,
    incident,
    incident_case,
    introduction,
    introduction_judgement,
    introduction_step,
    invitation,
    notification,
    promise,
    segment_alert,
    timeline,
    webhook_delivery,
    webhook_erasure,
)
from shared.outbound.deliveries import DELIVERY
from shared.privacy.removal import (
    HAS_WRITTEN_REPLIES,
    STORED_WORDS,
    WITHOUT_WRITTEN_REPLIES,
    answer_without_customer,
    invitation_without_customer,
    without_customer,
    wordless_answer,
)
from shared.privacy.retention import LINK_OVER, ClearRule, DeleteRule, RetentionRule, RewriteRule

UNDER_WAY = """EXISTS (
    SELECT FROM case_answer ca
    JOIN cases c ON c.tenant = ca.tenant AND c.id = ca.case_id
    WHERE ca.tenant = t.tenant AND ca.answer_id = t.id AND (c.state <> 'closed' OR c.closed_at >= {before})
)"""
"""Whether an answer or invitation ``t`` belongs to a case that is open, or was closed since."""
CASE_CLOSED = """EXISTS (
    SELECT FROM cases c
    WHERE c.tenant = t.tenant AND c.id = t.case_id AND c.state = 'closed' AND c.closed_at < {before}
)"""
"""Whether the case of a row ``t`` was closed before."""
INTRODUCTION_OVER = """EXISTS (
    SELECT FROM introduction i
    WHERE i.tenant = t.tenant AND i.id = t.introduction_id AND i.changed_at < :cases
)"""
CLOSED = "t.state = 'closed' AND t.closed_at < {before}"
ON_ITS_WAY = "('waiting', 'sending')"
"""The states of a delivery that is not settled."""
ANSWERED_AT = "CAST(CAST(convert_from(t.body, 'UTF8') AS jsonb) #>> '{{data,answered_at}}' AS timestamptz)"
MESSAGE_HOLDS = f"""
    t.person <> '' AND t.body IS NOT NULL
    AND (t.created_at < {{before}} OR t.type = 'answer.changed' AND {ANSWERED_AT} < {{before}})
"""
"""Whether a message to a webhook holds something old of a customer. An answer may have been old when it was
told, as one that was imported."""
WITHOUT_MESSAGE = """
    body = NULL, person = '', contact = NULL, excerpt = NULL,
    state = CASE WHEN t.state = 'waiting' THEN 'dropped' ELSE t.state END
"""

RETENTION: tuple[RetentionRule, ...] = (
    RewriteRule(
        "contacts",
        invitation,
        f"{LINK_OVER.format(i='t')} AND NOT {UNDER_WAY.format(before=':contacts')}",
        "body",
        invitation_without_customer,
        without_customer(invitation, customer_removed="true"),
    ),
    RewriteRule(
        "contacts",
        answer,
        f"""
            t.customer_id IS NOT NULL AND t.answered_at < :contacts
            AND NOT {UNDER_WAY.format(before=":contacts")}
        """,
        "body",
        answer_without_customer,
        without_customer(answer),
    ),
    ClearRule(
        "contacts",
        cases,
        f"""
            {CLOSED.format(before=":contacts")}
            AND (t.customer_id IS NOT NULL OR t.contact_key <> '' OR t.event_id IS NOT NULL)
        """,
        without_customer(cases, event_id="NULL"),
    ),
    RewriteRule(
        "comments",
        answer,
        f"t.answered_at < :comments AND NOT {UNDER_WAY.format(before=':comments')} AND {STORED_WORDS}",
        "body",
        wordless_answer,
    ),
    ClearRule(
        "comments",
        answer_before,
        f"""
            t.changed_at < :comments
            AND (t.comment IS NOT NULL OR t.follow_up IS NOT NULL OR {HAS_WRITTEN_REPLIES})
            AND NOT {UNDER_WAY.format(before=":comments")}
        """,
        f"comment = NULL, follow_up = NULL, {WITHOUT_WRITTEN_REPLIES}",
    ),
    ClearRule(
        "comments",
        timeline,
        f"""
            t.at < :comments AND t.facts ?| '{{text,subject,attachments}}'
            AND {CASE_CLOSED.format(before=":comments")}
        """,
        "facts = facts - 'text' - 'subject' - 'attachments'",
    ),
    ClearRule(
        "cases",
        cases,
        f"{CLOSED.format(before=':cases')} AND (t.action IS NOT NULL OR t.owner_id IS NOT NULL)",
        without_customer(cases, event_id="NULL", action="NULL", owner_id="NULL", decided_by="''"),
    ),
    ClearRule(
        "contacts",
        introduction,
        """
            t.changed_at < :contacts AND (
                t.customer_id IS NOT NULL OR t.contact_key <> '' OR t.account_id IS NOT NULL OR t.person <> ''
            )
        """,
        without_customer(introduction, account_id="NULL"),
    ),
    ClearRule("comments", introduction, "t.changed_at < :comments AND t.note IS NOT NULL", "note = NULL"),
    DeleteRule("cases", introduction_step, INTRODUCTION_OVER),
    DeleteRule("cases", introduction, "t.changed_at < :cases"),
    DeleteRule("cases", introduction_judgement, "t.judged_at < :cases"),
    DeleteRule("cases", incident_case, "t.said_at < :cases"),
    DeleteRule("cases", incident, "t.ended_at < :cases"),
    DeleteRule("cases", case_mail, CASE_CLOSED.format(before=":cases")),
    DeleteRule("cases", timeline, CASE_CLOSED.format(before=":cases")),
    DeleteRule("cases", promise, "t.made_at < :cases"),
    DeleteRule("cases", segment_alert, CLOSED.format(before=":cases")),
    DeleteRule(
        "deliveries",
        notification,
        f"""
            t.created_at < :deliveries AND NOT EXISTS (
                SELECT FROM delivery d
                WHERE d.tenant = t.tenant AND d.about_id = t.id AND d.state IN {ON_ITS_WAY}
            )
        """,
    ),
    DeleteRule("deliveries", DELIVERY, f"t.due_at < :deliveries AND t.state NOT IN {ON_ITS_WAY}"),
    ClearRule("contacts", webhook_delivery, MESSAGE_HOLDS.format(before=":contacts"), WITHOUT_MESSAGE),
    ClearRule("comments", webhook_delivery, MESSAGE_HOLDS.format(before=":comments"), WITHOUT_MESSAGE),
    DeleteRule("deliveries", webhook_delivery, "t.created_at < :deliveries"),
    DeleteRule("deliveries", chat_message, "t.created_at < :deliveries"),
    DeleteRule("deliveries", webhook_erasure, "t.kept_at < :deliveries"),
    DeleteRule("sessions", case_request, "t.at < :sessions"),
)
