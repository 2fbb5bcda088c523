"""States and reasons as sentences, for staff."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

REASONS = {
    "invited": "Invited.",
    "unknown_tenant": "We had not heard of this company when the event came.",
    "no_survey": "No survey asks about this type of event.",
    "paused": "The survey that asks about it was paused.",
    "no_address": "The customer has no mail address.",
    "bad_address": "The address of the customer cannot be one.",
    "opted_out": "The customer has unsubscribed.",
    "suppressed": "The address is on the suppression list.",
    "quarantine": "The customer was asked not long ago.",
    "too_old": "It happened too long ago to ask about.",
}
SURVEY_OUTCOMES = {
    "invited": "asks",
    "order": "a survey before it in the order asks",
    "paused": "paused",
    "no_address": "no mail address",
    "bad_address": "the address cannot be one",
    "opted_out": "the customer has unsubscribed",
    "suppressed": "the address is on the suppression list",
    "quarantine": "asked not long ago",
    "too_old": "too long ago",
}
MAIL_STATES = {
    "waiting": "The mail waits for its time.",
    "sending": "The mail is being handed over.",
    "sent": "The mail was sent.",
    "withheld": "The mail would have been sent, but the company is in test mode.",
    "dropped": "The mail was not sent.",
    "failed": "The mail server refused the mail.",
    "bounced": "The mail came back.",
    "unknown": "Nobody knows whether the mail was sent, so it is never sent again.",
}
DROP_REASONS = {
    "no_address": "The customer has no mail address.",
    "bad_address": "The address of the customer cannot be one.",
    "opted_out": "The customer has unsubscribed since.",
    "suppressed": "The address was put on the suppression list since.",
    "paused": "The survey was paused when it was due.",
    "too_old": "When it was due it had happened too long ago.",
    "quarantine": "The customer was asked elsewhere not long before.",
    "expired": "Its link would have ended before it was read.",
}
OUTCOMES: Mapping[str, str] = {
    # A mail's state.
    "waiting": "Mail waits for its time",
    "sending": "Mail is being sent",
    "sent": "Asked, no answer yet",
    "withheld": "Would have been asked",
    "dropped": "Not asked after all",
    "failed": "Mail refused",
    "bounced": "Mail came back",
    "unknown": "Mail perhaps sent",
    # A decision's reason.
    "invited": "Invited",
    "unknown_tenant": "Company not known yet",
    "no_survey": "No survey asks",
    "paused": "Survey paused",
    "no_address": "No address",
    "bad_address": "Address cannot be one",
    "opted_out": "Has unsubscribed",
    "suppressed": "On the suppression list",
    "quarantine": "Asked not long ago",
    "too_old": "Too long ago",
}
_HASH = re.compile(r"[0-9a-f]{64}")


def customer_label(customer_id: str) -> str:
    """A customer's id; of the hash that stands for an address or a number, only the beginning."""
    return f"code {customer_id[:8]}…" if _HASH.fullmatch(customer_id) else customer_id


def outcome_label(row: Row[Any], *, with_case: bool = True) -> str:
    """The last thing that happened to an event, in a few words; ``with_case``: cases may be shown."""
    if row.case_state is not None and with_case:
        return f"Case {row.case_number} {'closed' if row.case_state == 'closed' else 'open'}"
    if row.answer_state is not None:
        return f"Answered {row.score}" if row.score is not None else "Link opened, no answer yet"
    return OUTCOMES[row.state or row.reason]
