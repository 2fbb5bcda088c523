"""States and reasons as sentences, for staff."""

import re
from typing import Any

from sqlalchemy import Row

from shared.pages.language import spoken, translated
from shared.privacy.persons import NOBODY
from shared.values.messages import message

REASONS = {
    "invited": message("Invited."),
    "unknown_tenant": message("We had not heard of this company when the event came."),
    "no_survey": message("No survey asks about this type of event."),
    "paused": message("The survey that asks about it was paused."),
    "erased": message("The customer was erased on request."),
    "no_address": message("The customer has no mail address."),
    "bad_address": message("The address of the customer cannot be one."),
    "opted_out": message("The customer has unsubscribed."),
    "suppressed": message("The address is on the suppression list."),
    "quarantine": message("The customer was asked not long ago."),
    "too_old": message("It happened too long ago to ask about."),
    "conditions": message("It did not meet the conditions of the survey."),
    "sampled_out": message("The customer is not one of those whom the survey asks: it asks only some."),
}
SURVEY_OUTCOMES = {
    "invited": message("asks"),
    "order": message("a survey before it in the order asks"),
    "paused": message("paused"),
    "erased": message("the customer was erased on request"),
    "no_address": message("no mail address"),
    "bad_address": message("the address cannot be one"),
    "opted_out": message("the customer has unsubscribed"),
    "suppressed": message("the address is on the suppression list"),
    "quarantine": message("asked not long ago"),
    "too_old": message("too long ago"),
    "conditions": message("its conditions were not met"),
    "sampled_out": message("not one of those whom it asks"),
}
MAIL_STATES = {
    "waiting": message("The mail waits for its time."),
    "sending": message("The mail is being handed over."),
    "sent": message("The mail was sent."),
    "withheld": message("The mail would have been sent, but the company is in test mode."),
    "dropped": message("The mail was not sent."),
    "failed": message("The mail server refused the mail."),
    "bounced": message("The mail came back."),
    "unknown": message("Nobody knows whether the mail was sent, so it is never sent again."),
}
DROP_REASONS = {
    "erased": message("The customer was erased on request."),
    "no_address": message("The customer has no mail address."),
    "bad_address": message("The address of the customer cannot be one."),
    "opted_out": message("The customer has unsubscribed since."),
    "suppressed": message("The address was put on the suppression list since."),
    "paused": message("The survey was paused when it was due."),
    "too_old": message("When it was due it had happened too long ago."),
    "quarantine": message("The customer was asked elsewhere not long before."),
    "expired": message("Its link would have ended before it was read."),
}
OUTCOMES = {
    # A mail's state.
    "waiting": message("Mail waits for its time"),
    "sending": message("Mail is being sent"),
    "sent": message("Asked, no answer yet"),
    "withheld": message("Would have been asked"),
    "dropped": message("Not asked after all"),
    "failed": message("Mail refused"),
    "bounced": message("Mail came back"),
    "unknown": message("Mail perhaps sent"),
    # A decision's reason.
    "invited": message("Invited"),
    "unknown_tenant": message("Company not known yet"),
    "no_survey": message("No survey asks"),
    "paused": message("Survey paused"),
    "erased": message("Customer erased on request"),
    "no_address": message("No address"),
    "bad_address": message("Address cannot be one"),
    "opted_out": message("Has unsubscribed"),
    "suppressed": message("On the suppression list"),
    "quarantine": message("Asked not long ago"),
    "too_old": message("Too long ago"),
    "conditions": message("Conditions not met"),
    "sampled_out": message("Not one of those asked"),
}
_HASH = re.compile(r"[0-9a-f]{64}")


def customer_label(customer_id: str) -> str:
    """A customer's id; of the hash that stands for an address or a number, only the beginning."""
    if not _HASH.fullmatch(customer_id):
        return customer_id
    return translated("code %(beginning)s…") % {"beginning": customer_id[:8]}


def decision_customer_label(customer_id: str, person: str | None) -> str:
    """The customer of a decision, or why there is none any more."""
    if customer_id == NOBODY:
        return translated("erased on request")
    return customer_label(customer_id) if person != NOBODY else translated("not kept any more")


def outcome_label(row: Row[Any], *, with_case: bool = True) -> str:
    """The last thing that happened to an event, in a few words; ``with_case``: cases may be shown."""
    if row.case_state is not None and with_case:
        closed, opened = translated("Case %(number)s closed"), translated("Case %(number)s open")
        return (closed if row.case_state == "closed" else opened) % {"number": row.case_number}
    if row.answer_state is None and row.anonymous and row.state == "sent":
        return translated("Asked; whether it was answered is not kept")
    if row.answer_state is None:
        return spoken(OUTCOMES[row.state or row.reason])
    if row.score is None:
        return translated("Link opened, no answer yet")
    return translated("Answered %(score)s") % {"score": row.score}
