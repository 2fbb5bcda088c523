"""States and reasons as sentences, for staff."""

import re

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
WHY = {
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
MAIL = {
    "waiting": "The mail waits for its time.",
    "sending": "The mail is being handed over.",
    "sent": "The mail was sent.",
    "withheld": "The mail would have been sent, but the company is in test mode.",
    "dropped": "The mail was not sent.",
    "failed": "The mail server refused the mail.",
    "bounced": "The mail came back.",
    "unknown": "Nobody knows whether the mail was sent, so it is never sent again.",
}
DROPPED = {
    "no_address": "The customer has no mail address.",
    "bad_address": "The address of the customer cannot be one.",
    "opted_out": "The customer has unsubscribed since.",
    "suppressed": "The address was put on the suppression list since.",
    "paused": "The survey was paused when it was due.",
    "too_old": "When it was due it had happened too long ago.",
    "quarantine": "The customer was asked elsewhere not long before.",
    "expired": "Its link would have ended before it was read.",
}

DONE = {
    "saved": "Saved. What you changed holds from the next event on.",
    "made": "Saved. It asks nobody yet: start it when it is as it should be.",
    "started": "It asks from the next event on.",
    "paused": "Paused. It asks nobody from now on.",
    "test-addresses": "Saved: the test addresses.",
    "live": "You are live. Customers are asked from the next event on.",
    "test-mode": "Back in test mode. Only your test addresses get mail.",
    "stop": "All sending is stopped.",
    "resume": "Sending has started again.",
    "already": "It is so already; nothing was changed.",
}
"""What a page says after an act."""


def customer_label(customer_id: str) -> str:
    """How a page names a customer: by the id, or by the beginning of the code that stands for an address."""
    return f"code {customer_id[:8]}…" if _CODE.fullmatch(customer_id) else customer_id


def outcome_in_words(row: object, *, with_case: bool = True) -> str:
    """How an event's story stands, in a few words: the last thing that happened. To who does not work on
    cases there are none.
    """
    case, number = getattr(row, "case_state", None), getattr(row, "case_number", None)
    if case is not None and with_case:
        return f"Case {number} closed" if case == "closed" else f"Case {number} open"
    answer, score = getattr(row, "answer_state", None), getattr(row, "score", None)
    if answer is not None:
        return f"Answered {score}" if score is not None else "Link opened, no answer yet"
    state = getattr(row, "state", None)
    if state is not None:
        return _MAIL_IN_FEW[state]
    return _REASON_IN_FEW[getattr(row, "reason", "no_survey")]


_MAIL_IN_FEW = {
    "waiting": "Mail waits for its time",
    "sending": "Mail is being sent",
    "sent": "Asked, no answer yet",
    "withheld": "Would have been asked",
    "dropped": "Not asked after all",
    "failed": "Mail refused",
    "bounced": "Mail came back",
    "unknown": "Mail perhaps sent",
}
_REASON_IN_FEW = {
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
_CODE = re.compile(r"[0-9a-f]{64}")
OUTCOME_IN_FEW = {**_MAIL_IN_FEW, **_REASON_IN_FEW}
"""A mail's state or a decision's reason."""
