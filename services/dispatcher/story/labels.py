"""States and reasons as sentences, for staff."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Row

from services.dispatcher.models import HELD_ANSWER
from shared.pages.language import spoken, translated
from shared.privacy.persons import NOBODY
from shared.values.messages import Message, message


class ReasonWords(NamedTuple):
    """How a rule's outcome is said to staff, wherever it is shown."""

    decided: Message | None
    """A sentence of the event's page; None: no decision falls so."""
    short: Message | None
    """In the list of events, in its figures, and in its search; None: it is not searched for."""
    survey: Message | None = None
    """Of one of the surveys that an event matched; None: it is not judged survey by survey."""
    dropped: Message | None = None
    """A sentence of a mail that was not sent when it was due; None: no mail is dropped so."""


REASON_WORDS: dict[str, ReasonWords] = {
    "invited": ReasonWords(message("Invited."), message("Invited"), message("asks")),
    "unknown_tenant": ReasonWords(
        message("We had not heard of this company when the event came."), message("Company not known yet")
    ),
    "company_paused": ReasonWords(
        message("The company was paused when the event came."), message("Company paused")
    ),
    "no_survey": ReasonWords(message("No survey asks about this type of event."), message("No survey asks")),
    "order": ReasonWords(
        None,
        None,
        message("a survey before it in the order asks"),
    ),
    "paused": ReasonWords(
        message("The survey that asks about it was paused."),
        message("Survey paused"),
        message("paused"),
        message("The survey was paused when it was due."),
    ),
    "erased": ReasonWords(
        message("The customer was erased on request."),
        message("Customer erased on request"),
        message("the customer was erased on request"),
        message("The customer was erased on request."),
    ),
    "no_address": ReasonWords(
        message("The customer has no address by which a survey asks."),
        message("No address"),
        message("no address by which it asks"),
        message("The customer has no address by which the survey asks."),
    ),
    "bad_address": ReasonWords(
        message("The address or number of the customer cannot be used."),
        message("Address cannot be one"),
        message("the address or number cannot be used"),
        message("The address or number of the customer cannot be used."),
    ),
    "nobody": ReasonWords(
        message("The event does not say who the customer is."),
        message("Customer not named"),
        message("it is not said who the customer is"),
    ),
    "complained": ReasonWords(
        message("The customer has reported a mail as spam."),
        message("Reported a mail as spam"),
        message("the customer has reported a mail as spam"),
        message("The customer has reported a mail as spam since."),
    ),
    "opted_out": ReasonWords(
        message("The customer has unsubscribed."),
        message("Has unsubscribed"),
        message("the customer has unsubscribed"),
        message("The customer has unsubscribed since."),
    ),
    "suppressed": ReasonWords(
        message("The address is on the suppression list."),
        message("On the suppression list"),
        message("the address is on the suppression list"),
        message("The address was put on the suppression list since."),
    ),
    "undeliverable": ReasonWords(
        message("Mails to this address come back."),
        message("Address that mail comes back from"),
        message("mails to the address come back"),
        message("Mails to this address have come back since."),
    ),
    "paused_by_customer": ReasonWords(
        message("The customer has asked for a pause, which was not over."),
        message("Pause of the customer"),
        message("the customer wants no questions for a time"),
        message("The customer has asked for a pause since, which was not over."),
    ),
    "countered": ReasonWords(
        message("A counter-event came, after which nobody is asked about this."),
        message("Counter-event"),
        message("a counter-event came"),
        message("A counter-event came."),
    ),
    "case_open": ReasonWords(
        message("A case of the customer was open."),
        message("Case open"),
        message("a case of the customer was open"),
        message("A case of the customer was open."),
    ),
    "relational_first": ReasonWords(
        message("On the same day the customer is asked about the whole relation."),
        message("Asked about the relation that day"),
        message("on the same day the customer is asked about the whole relation"),
        message("On the same day the customer is asked about the whole relation."),
    ),
    "outranked": ReasonWords(
        None,
        message("Gave way to a more valuable event"),
        dropped=message("While it waited an event came that a survey before it in the order asks about."),
    ),
    "relational_distance": ReasonWords(
        message("The customer is asked about a single event too close to this."),
        message("Asked about an event too close"),
        message("asked about a single event too close to it"),
        message("The customer had been asked about a single event not long before."),
    ),
    "no_basis": ReasonWords(
        message("The law of the country of the customer forbids to ask so."),
        message("Law of the country"),
        message("the law of the country forbids it"),
        message("By the law of the country it could not be sent."),
    ),
    "quarantine": ReasonWords(
        message("The customer was asked not long ago."),
        message("Asked not long ago"),
        message("asked not long ago"),
        message("The customer had been asked not long before."),
    ),
    "too_old": ReasonWords(
        message("It happened too long ago to ask about."),
        message("Too long ago"),
        message("too long ago"),
        message("When it was due it had happened too long ago."),
    ),
    "expired": ReasonWords(
        None,
        message("Link would have ended"),
        dropped=message("Its link would have ended before it was read."),
    ),
    "cap": ReasonWords(
        message("Another mail to the customer is too close."),
        message("Another mail too close"),
        message("another mail is too close"),
        message("The customer had got another mail, and when the next one might leave it was too late."),
    ),
    "quiet_dropped": ReasonWords(
        message("When mail might leave again it would have been too long ago."),
        message("Too long ago when mail might leave"),
        message("too long ago when mail might leave again"),
        message("When mail might leave again it would have been too late."),
    ),
    "first_day": ReasonWords(
        message("By the limit on the first day of the survey its mail would have left too late."),
        message("Too late by the limit of the first day"),
        message("too late by the limit of its first day"),
        message("By the limit on the first day of the survey it would have left too late."),
    ),
    "mail_pace": ReasonWords(
        message("By the pace of the mail domain its mail would have left too late."),
        message("Too late by the pace of the mail domain"),
        message("too late by the pace of the mail domain"),
        message("By the pace of the mail domain it would have left too late."),
    ),
    "conditions": ReasonWords(
        message("It did not meet the conditions of the survey."),
        message("Conditions not met"),
        message("its conditions were not met"),
    ),
    "channel": ReasonWords(
        message("No survey asks about it by this channel."),
        message("No survey asks by the channel"),
        message("it does not ask by this channel"),
    ),
    "sampled_out": ReasonWords(
        message("The customer is not one of those whom the survey asks: it asks only some."),
        message("Not one of those asked"),
        message("not one of those whom it asks"),
        message("The survey asked fewer customers by then, and this one is not one of them."),
    ),
    # Of reminders alone.
    "answered": ReasonWords(None, None, dropped=message("The customer had answered.")),
    "clicked": ReasonWords(None, None, dropped=message("The customer had opened the link.")),
    "test_mode": ReasonWords(None, None, dropped=message("The company was in test mode.")),
    "bounced": ReasonWords(None, None, dropped=message("The first mail had come back.")),
    "not_sent": ReasonWords(None, None, dropped=message("The first mail was not sent.")),
    "survey_gone": ReasonWords(None, None, dropped=message("The survey was gone.")),
    "not_wanted": ReasonWords(None, None, dropped=message("The survey did not have this reminder any more.")),
}
"""Each value of ``Reason`` and ``SurveyOutcome``, and each reason not to send, has one line here."""
REASONS = {code: words.decided for code, words in REASON_WORDS.items() if words.decided}
SURVEY_OUTCOMES = {code: words.survey for code, words in REASON_WORDS.items() if words.survey}
DROP_REASONS = {code: words.dropped for code, words in REASON_WORDS.items() if words.dropped}
POSTPONE_RULES = {
    "quiet_hours": message("quiet hours"),
    "sunday": message("Sunday"),
    "holiday": message("public holiday"),
    "cap": message("another mail to the customer was too close"),
    "counter_event": message("counter-event"),
    "first_day": message("first day of the survey"),
    "mail_pace": message("pace of mails to the domain of the address"),
}
"""What holds a mail that is due until a later time."""
HOLD_RULES = {"holding": message("holding time of the survey"), **POSTPONE_RULES}
"""What holds a mail at its decision."""
FIELDS_OF_PROFILE = {
    "locale": message("language"),
    "country": message("country"),
    "time_zone": message("time zone"),
}
"""What may be known of a customer besides an event."""
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
RETURNED = message("The mail came back."), message("Reminder %(number)s came back.")
COMPLAINED = (
    message("The customer reported the mail as spam."),
    message("The customer reported reminder %(number)s as spam."),
)
"""Of the first mail, and of a reminder."""
RETURNED_WHY = {
    "hard": message("The mailbox is not there, or takes no mail for good."),
    "soft": message("The mailbox could not take it, perhaps for a time."),
    "policy": message("It is about us as a sender, not about the mailbox."),
}
DROPPED_FOR = {
    "hard": message("No mail is sent to this address any more."),
    "soft": message("It was the third one in 30 days: no mail is sent to this address any more."),
    "complaint": message("The customer is never asked again."),
}
TEXT_STATES = {
    "waiting": message("The text waits for its time."),
    "sending": message("The text is being handed over."),
    "sent": message("The text was sent."),
    "withheld": message("The text would have been sent, but the company is in test mode."),
    "dropped": message("The text was not sent."),
    "failed": message("The SMS provider refused the text."),
    "bounced": message("The network could not deliver the text."),
    "unknown": message("Nobody knows whether the text was sent, so it is never sent again."),
}
"""The same of a text message."""
REPORT_LABELS = {
    "delivered": message("The network reports that it has reached the phone."),
    "undeliverable": message("The network reports that it could not be delivered."),
}
REMINDER_STATES = {
    "waiting": message("Reminder %(number)s waits for its time."),
    "sending": message("Reminder %(number)s is being handed over."),
    "sent": message("Reminder %(number)s was sent."),
    "dropped": message("Reminder %(number)s was not sent."),
    "failed": message("The mail server refused reminder %(number)s."),
    "unknown": message("Nobody knows whether reminder %(number)s was sent, so it is never sent again."),
}
NO_SUCH_EVENT = message("There is no such event, or it is not yours to see.")
LOAD_IT_AGAIN = message(
    "One that was accepted a moment ago is here within seconds: load the page again. Else check the address."
)
MAIL_OUTCOMES = {
    "waiting": message("Mail waits for its time"),
    "sending": message("Mail is being sent"),
    "sent": message("Asked, no answer yet"),
    "withheld": message("Would have been asked"),
    "dropped": message("Not asked after all"),
    "failed": message("Mail refused"),
    "bounced": message("Mail came back"),
    "unknown": message("Mail perhaps sent"),
}
"""What became of the mail that asks, in the list of events."""
REASON_OUTCOMES = {code: words.short for code, words in REASON_WORDS.items() if words.short}
OUTCOMES = {**MAIL_OUTCOMES, **REASON_OUTCOMES}
"""A mail's state, or a decision's reason, in a few words."""
MAIL_FILTERS = {
    "waiting": message("Waits for its time"),
    "sending": message("Is being sent"),
    "sent": message("Sent"),
    "withheld": message("Not sent: test mode"),
    "dropped": message("Not sent: dropped when it was due"),
    "failed": message("Refused"),
    "bounced": message("Came back"),
    "unknown": message("Perhaps sent"),
}
"""The states of the mail that asks, as they are searched for: whatever came of it later."""
CHANNEL_LABELS = {
    "mail": message("Mail"),
    "sms": message("Text message"),
    "link": message("Link in a channel of your own"),
}
_HASH = re.compile(r"[0-9a-f]{64}")


def hold_label(rules: Iterable[str]) -> str:
    """The rules that hold a mail, in words; one that only a newer version knows is left out."""
    return ", ".join(spoken(HOLD_RULES[rule]) for rule in rules if rule in HOLD_RULES)


def profile_label(fields: Iterable[str]) -> str:
    """What was known of a customer before an event, in words; what only a newer version knows is left out."""
    return ", ".join(spoken(FIELDS_OF_PROFILE[name]) for name in fields if name in FIELDS_OF_PROFILE)


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
        return _unanswered_label(row)
    if row.answer_state == HELD_ANSWER:
        return translated("Answered, perhaps by a machine: not counted")
    if row.score is None:
        return translated("Link opened, no answer yet")
    return translated("Answered %(score)s") % {"score": row.score}


def _unanswered_label(row: Row[Any]) -> str:
    if row.state == "dropped" and row.mail_reason in REASON_OUTCOMES:
        words = translated("Not asked after all: %(reason)s")
        return words % {"reason": spoken(REASON_OUTCOMES[row.mail_reason])}
    return spoken(OUTCOMES[row.state or row.reason])
