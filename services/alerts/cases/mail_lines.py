"""Mails between a case and its customer, as the lines of its page say them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from services.alerts.cases.domain.timeline import CaseEntry
from shared.events import CaseMailState
from shared.pages.language import spoken, translated
from shared.values.messages import Message, message

MailStates = Mapping[str, tuple[CaseMailState, str | None]]
"""What became of mails to the customer, and why, by their ids."""
NO_MAILS: MailStates = MappingProxyType({})
STATE_WORDS: Mapping[str, Message] = {
    "waiting": message("The mail waits to be sent."),
    "sent": message("The mail was sent."),
    "refused": message("The mail was not sent."),
    "failed": message("The mail server refused the mail."),
    "bounced": message("The mail came back."),
    "unknown": message("Nobody knows whether the mail was sent, so it is never sent again."),
}
REFUSAL_WORDS: Mapping[str, Message] = {
    "erased": message("The customer was erased."),
    "company_closed": message("The company is paused or leaves."),
    "no_address": message("We know no mail address of this customer."),
    "bad_address": message("What we know of this customer is no mail address."),
    "no_contact_wanted": message("The customer does not want to be contacted."),
    "complained": message("The customer has reported a mail of yours as spam."),
    "opted_out": message("The customer wants no mail of yours."),
    "suppressed": message("The address is on your list of those that get no mail."),
    "undeliverable": message("Mails to this address come back."),
    "test_mode": message("The company is in test mode: only test addresses get mail."),
    "too_old": message("It could not leave for three days."),
}
"""Why a rule of ours kept a mail from leaving."""


def mailed_title(_: str, facts: dict[str, Any]) -> str:
    """Of the line of a mail to the customer."""
    if not facts.get("subject"):
        return translated("A mail to the customer.")
    return translated("A mail to the customer: %(subject)s") % facts


def wrote_title(_: str, facts: dict[str, Any]) -> str:
    """Of the line of a mail of the customer."""
    if facts.get("elsewhere"):
        return translated("The customer answered a mail from case %(number)s. The work goes on here.") % facts
    if "number" in facts:
        return translated("The customer answered by mail. The work goes on in case %(number)s.") % facts
    if facts.get("automatic"):
        return translated("A program answered the mail.")
    if facts.get("opened"):
        return translated("The customer answered by mail: the case is open again.")
    return translated("The customer answered by mail.")


def mail_notes(entry: CaseEntry, mails: MailStates) -> list[str]:
    """What became of the mail of an entry, and what is to be known of one of a customer."""
    facts, notes = entry.facts, list[str]()
    known = mails.get(facts.get("mail_id", ""))
    if entry.kind == "informed" and known is not None and known[0] != "sent":
        notes.append(spoken(STATE_WORDS[known[0]]))
    if entry.kind == "mailed" and known is not None:
        state, reason = known
        why = REFUSAL_WORDS.get(reason or "")
        notes.append(" ".join([spoken(STATE_WORDS[state]), *([spoken(why)] if why is not None else [])]))
    if entry.kind == "wrote":
        if facts.get("other_sender"):
            notes.append(translated("It came from another address than ours went to."))
        if facts.get("cut"):
            notes.append(translated("There was more of it, which is not kept."))
        if facts.get("attachments"):
            notes.append(translated("Attached, and not kept: %(attachments)s") % facts)
    return notes
