"""What is kept of a customer, in the words of the page: read by staff and by the customer alike."""

from collections.abc import Callable, Mapping
from functools import singledispatch

from services.dispatcher.story.labels import DROP_REASONS, MAIL_STATES, REASONS, TEXT_STATES
from shared.privacy.export_records import (
    AccessActor,
    AccessRecord,
    AnswerRecord,
    AskedRecord,
    CaseRecord,
    CaseStep,
    CaseStepKind,
    CountedAnswerRecord,
    DeliveryRecord,
    EventRecord,
    ExportKind,
    ExportOrigin,
    ExportPurpose,
    ExportRecord,
    FileRowRecord,
    IntroductionRecord,
    InvitationRecord,
    KeptKind,
    KnownRecord,
    PreferenceRecord,
    ProfileRecord,
    SuppressionLiftRecord,
    SuppressionRecord,
    TookPartRecord,
    VisitRecord,
    WebhookRecord,
)
from shared.values.messages import Message, message

HEADINGS: dict[ExportKind, Message] = {
    "known": message("How the customer is known"),
    "profile": message("How the customer may be asked"),
    "event": message("Purchases and contacts"),
    "invitation": message("Questions"),
    "delivery": message("Mails"),
    "asked": message("When a question was last asked"),
    "suppression": message("No more questions"),
    "suppression_lift": message("Questions that were allowed again"),
    "preference": message("What was chosen about further questions"),
    "visit": message("Visits of links"),
    "answer": message("Answers"),
    "took_part": message("Anonymous answers"),
    "counted_answer": message("Answers in the scores"),
    "case": message("How answers were followed up"),
    "introduction": message("Requests for an introduction"),
    "file_row": message("Rows of files"),
    "webhook": message("What other systems of the company were told"),
    "access": message("Who looked"),
}
PURPOSES: dict[ExportPurpose, Message] = {
    "find": message("It is kept to find all of a customer who asks for it."),
    "ask": message("It is kept to ask at the right time how something went, and not too often."),
    "respect_no": message("It is kept so that nobody who said no is asked."),
    "tell_machines": message("It is kept to tell people from programs that open the links in mails."),
    "listen": message("It is kept to read what was answered, and to put things right."),
    "answer_once": message("It is kept so that one link gives one answer."),
    "count": message("It is kept to count the answer in the company's scores."),
    "follow_up": message("It is kept so that somebody follows up an answer, and so that it is seen how."),
    "take": message("It is kept until the file is taken, and its faulty rows so that they can be mended."),
    "account": message("It is kept so that it can be seen who looked at these data, and who changed them."),
}
KEPT: dict[KeptKind, Message] = {
    "contacts": message("Names, addresses, numbers and ids are kept for %(days)s."),
    "comments": message(
        "What was written is kept for %(days)s. The score stays, as a number without a person."
    ),
    "cases": message("It is kept for %(days)s after its end, then without a person."),
    "decisions": message("It is kept for %(days)s."),
    "visits": message("It is kept for %(days)s."),
    "deliveries": message("It is kept for %(days)s."),
    "audit": message("It is kept for %(days)s."),
    "files": message("It is kept for %(days)s at the longest once the file was taken, or was not begun."),
    "always": message("It is kept as long as no questions are wanted."),
}
ORIGINS: dict[ExportOrigin, Message] = {
    "company": message("From the company's own systems"),
    "customer": message("From the customer"),
    "import": message("From answers that the company imported"),
    "staff": message("From what colleagues at the company did"),
    "afterword": message("Arose while questions were sent and answered"),
}
FIELDS: Mapping[str, Message] = {
    "event": message("Number in the company's system"),
    "system": message("System"),
    "event_type": message("What it was about"),
    "occurred_at": message("When it was"),
    "customer_id": message("Customer id"),
    "name": message("Name"),
    "email": message("Mail address"),
    "phone": message("Phone number"),
    "locale": message("Language and country"),
    "time_zone": message("Time zone"),
    "country": message("Country"),
    "basis": message("Why the company may ask"),
    "bases": message("Why the company may ask"),
    "account": message("Account"),
    "segments": message("Part of the company"),
    "organisation": message("Organisation"),
    "attributes": message("More that the company sent"),
    "survey": message("Survey"),
    "language": message("Language"),
    "test": message("A test"),
    "due_at": message("Due"),
    "sent_at": message("Sent"),
    "expires_at": message("The link ends"),
    "attempts": message("Tries"),
    "invited_at": message("Asked by mail"),
    "invited_before": message("Asked by mail before that"),
    "asked_elsewhere_at": message("Asked in another way"),
    "paused_until": message("No questions until"),
    "months": message("Least months between two questions"),
    "last_at": message("Last visit"),
    "visits": message("Visits"),
    "score": message("Score"),
    "score_before": message("Score before that"),
    "comment": message("Comment"),
    "follow_up_question": message("Further question"),
    "follow_up": message("Answer to it"),
    "replies": message("Answers to further questions"),
    "objections": message("Said that it is not solved"),
    "may_contact": message("May be contacted about it"),
    "seconds_to_score": message("Seconds from opening the page to the score"),
    "staff_network": message("Came from a network of the company"),
    "device_ordinal": message("Which answer of its device that day (3: or a later one)"),
    "day": message("Counts for the day"),
    "counts_for": message("Counts for"),
    "contact_due_at": message("To be contacted by"),
    "close_due_at": message("To be closed by"),
    "first_contact_at": message("First contact"),
    "closed_at": message("Closed"),
    "told": message("Was told the result"),
    "asked_at": message("Was asked"),
    "agreed_at": message("Agreed"),
    "introduced_at": message("Introduced somebody"),
    "met_at": message("The company met them"),
    "row": message("Row"),
    "cells": message("In the file"),
}
"""The fields that the page shows, in this order; those of one kind are shown together."""
FIELDS_IN_FILE_ONLY = frozenset(
    {
        *(
            "id",
            "at",
            "touchpoint",
            "obtained_from",
            "invitation",
            "about",
            "mail_id",
            "n",
            "channel",
            "layout",
            "address_hash",
            "phone_hash",
            "by",
            "was",
            "act",
            "who",
        ),
        *("file_kind",),
        *("file_kind",),
        *("decision", "mail", "reason", "state", "measurement", "first_at", "followed", "machine"),
        "delay_minutes",
        *("drawn_percent", "beyond_draw"),
        *("signs", "judgement", "themes"),
        *("message", "type", "content", "result"),
        *("answered_at", "changed_at", "before", "number", "answers", "steps", "cause", "outcome"),
    }
)
"""Codes, and what the sentence of a record or its lines say already."""
YES, NO = message("Yes"), message("No")
CONTACTS = {
    ("call", True): message("Somebody called, and reached the customer."),
    ("call", False): message("Somebody called, and did not reach the customer."),
    ("mail", True): message("Somebody wrote, and reached the customer."),
    ("mail", False): message("Somebody wrote, and did not reach the customer."),
    ("meeting", True): message("Somebody spoke to the customer in person."),
    ("meeting", False): message("Somebody wanted to speak to the customer in person."),
}
CONSENTS = {
    True: message("The customer wants to be contacted."),
    False: message("The customer does not want to be contacted."),
}
LOOKED_AT = {
    ("address",): message("Somebody looked at the mail address."),
    ("number",): message("Somebody looked at the phone number."),
    ("address", "number"): message("Somebody looked at the mail address and the phone number."),
}
OUTCOMES = {
    "recovered": message("Closed: the customer is content."),
    "explained": message("Closed: the customer knows why."),
    "not_solvable": message("Closed: it could not be solved."),
    "lost": message("Closed: the customer was lost."),
}


def _mail_sentence(step: CaseStep, without: Message, words: Message) -> Message:
    return words if step.text else without


STEPS: Mapping[CaseStepKind, Callable[[CaseStep], Message]] = {
    "opened": lambda _: message("It was opened."),
    "amended": lambda step: message(
        "The score changed from %(before)s to %(score)s.", before=step.score_before, score=step.score
    ),
    "again": lambda step: message("There was another answer: %(score)s.", score=step.score),
    "consent": lambda step: CONSENTS[bool(step.may_contact)],
    "contact": lambda step: CONTACTS.get(
        (step.how or "", bool(step.reached)), message("There was a contact.")
    ),
    "revealed": lambda step: LOOKED_AT.get(
        tuple((step.looked_at or "").split(" and ")), message("Somebody looked at how to reach the customer.")
    ),
    "closed": lambda _: message("It was closed."),
    "objected": lambda _: message("The customer said that it is not solved."),
    "reopened": lambda _: message("It was opened again."),
    "mailed": lambda step: _mail_sentence(
        step,
        message("The company wrote a mail."),
        message("The company wrote a mail, %(subject)s: %(text)s", subject=step.subject, text=step.text),
    ),
    "wrote": lambda step: _mail_sentence(
        step,
        message("The customer wrote a mail."),
        message("The customer wrote a mail, %(subject)s: %(text)s", subject=step.subject, text=step.text),
    ),
}


ACTORS: Mapping[AccessActor | None, Message] = {
    "colleague": message("A colleague at the company"),
    "program": message("A program of the company"),
    "operator": message("Whoever runs Afterword"),
    "customer": message("Whoever had the link"),
    None: message("Somebody"),
}
ACCESSES: Mapping[str, Callable[[Message], Message]] = {
    "address_shown": lambda who: message("%(who)s looked at how to reach the customer.", who=who),
    "export": lambda who: message("%(who)s read or downloaded all of this.", who=who),
    "export_link": lambda who: message("%(who)s made a link to all of this.", who=who),
    "export_opened": lambda who: message("%(who)s opened a link to all of this.", who=who),
    "export_link_withdrawn": lambda who: message("%(who)s withdrew a link to all of this.", who=who),
    "erasure": lambda who: message("%(who)s had a part of this erased.", who=who),
}
"""By the acts of the log."""


@singledispatch
def sentence_of(record: ExportRecord) -> Message:
    """What a record says, in one sentence."""
    raise TypeError(type(record).__name__)


@sentence_of.register
def _(record: KnownRecord) -> Message:
    if record.address_hash and record.phone_hash:
        return message("By this id, a mail address and a phone number.")
    if record.address_hash:
        return message("By this id and a mail address.")
    return message("By this id and a phone number.") if record.phone_hash else message("By this id.")


@sentence_of.register
def _(_: ProfileRecord) -> Message:
    return message("What the company says of the customer, also outside of a purchase or a contact.")


@sentence_of.register
def _(record: EventRecord) -> Message:
    if record.decision == "came_again":
        return message("It was sent once more, with other content. The first counts.")
    return REASONS.get(record.decision, message("It was decided whether to ask about it."))


@sentence_of.register(InvitationRecord)
@sentence_of.register(DeliveryRecord)
def _(record: InvitationRecord | DeliveryRecord) -> Message:
    dropped = DROP_REASONS.get(record.reason or "") if record.mail == "dropped" else None
    by_sms = isinstance(record, DeliveryRecord) and record.channel == "sms"
    states = TEXT_STATES if by_sms else MAIL_STATES
    return dropped or states.get(record.mail, message("There is a mail."))


@sentence_of.register
def _(record: AskedRecord) -> Message:
    if record.at is None:
        return message("No question was sent yet.")
    return message("The last time that a question was sent.")


@sentence_of.register
def _(record: SuppressionRecord) -> Message:
    if record.reason == "erased":
        return message(
            "Nobody is asked under this mail address: a customer who had it was erased on request."
        )
    if record.by == "address":
        return message("Nobody is asked under this mail address.")
    return message("Nobody is asked under this customer id.")


@sentence_of.register
def _(_: SuppressionLiftRecord) -> Message:
    return message("Questions were allowed again.")


@sentence_of.register
def _(record: PreferenceRecord) -> Message:
    if record.months:
        return message("The customer wishes fewer questions.")
    if record.channel == "sms":
        return message("The customer wants no questions by text message.")
    if record.channel:
        return message("The customer wants no questions by mail.")
    return message("The customer has asked for a pause.")


@sentence_of.register
def _(record: VisitRecord) -> Message:
    return message("The link was opened %(n)s time.", "The link was opened %(n)s times.", n=record.visits)


@sentence_of.register
def _(record: AnswerRecord) -> Message:
    if record.score is None:
        return message("The link was opened. There is no answer yet.")
    return message("The answer is %(score)s of 10.", score=record.score)


@sentence_of.register
def _(_: TookPartRecord) -> Message:
    return message("An anonymous survey was answered. Nobody can see which answer it was.")


@sentence_of.register
def _(record: IntroductionRecord) -> Message:
    if record.asked_at is None:
        return message("It was noted to ask the customer for an introduction.")
    return message("The customer was asked for an introduction.")


@sentence_of.register
def _(_: WebhookRecord) -> Message:
    return message("Another system of the company was told about an answer or what came of it.")


@sentence_of.register
def _(record: AccessRecord) -> Message:
    who = ACTORS[record.who]
    sentence = ACCESSES.get(record.act)
    return message("%(who)s did something with these data.", who=who) if sentence is None else sentence(who)


@sentence_of.register
def _(record: CountedAnswerRecord) -> Message:
    if record.score is None:
        return message("It does not count in any score.")
    return message("It counts as %(score)s of 10.", score=record.score)


@sentence_of.register
def _(record: CaseRecord) -> Message:
    if record.state == "closed":
        return OUTCOMES.get(record.outcome or "", message("Somebody followed it up. It is closed."))
    return message("Somebody follows it up.")


@sentence_of.register
def _(record: FileRowRecord) -> Message:
    if record.state == "faulty":
        return message("It stands in a file of the company, in a row that has a fault and was not taken.")
    return message("It stands in a file of the company that was not taken yet.")


def step_sentence(step: CaseStep) -> Message:
    """What happened to a case, in one sentence."""
    return STEPS[step.step](step)
