"""The words of notices about cases.

They tell the score, where it happened, what is due when, and where to read on. What the customer wrote, and
who they are, stays on the page: mailboxes are forwarded, searched and kept, and nobody can erase a person
from them.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.sentences import score_with_article
from services.alerts.cases.times import moment
from services.alerts.notices.kinds import NoticeText
from shared.events import Answer
from shared.pages.filters import touchpoint_name
from shared.pages.language import spoken, translated
from shared.values.messages import Message, message


def case_text(case: CaseFile, answer: Answer, now: datetime, zone: ZoneInfo) -> NoticeText:
    """About an answer."""
    facts = {
        "number": case.number,
        "score": score_with_article(answer.score or 0),
        "touchpoint": touchpoint_name(answer.touchpoint) if answer.touchpoint else "",
        "due": moment(case.due_at, now, zone),
    }
    subject = translated("Case %(number)s: a customer gave %(score)s") % facts
    paragraphs = [_happened(case, answer), " ".join(_wish_and_task(case))]
    return _about(case, subject, [paragraph % facts for paragraph in paragraphs])


CLOCK_TEXTS: dict[str, tuple[Message, Message]] = {
    "contact_warning": (
        message("Case %(number)s: speak to the customer by %(due)s"),
        message("Nobody has spoken to the customer yet. First contact is due by %(due)s."),
    ),
    "contact_escalation": (
        message("Case %(number)s: nobody has spoken to the customer in time"),
        message("First contact was due by %(due)s."),
    ),
    "closing_warning": (
        message("Case %(number)s: to be closed by %(due)s"),
        message("The case is still open. It is to be closed by %(due)s."),
    ),
    "closing_escalation": (
        message("Case %(number)s was not closed in time"),
        message("It was to be closed by %(due)s."),
    ),
}
"""Subject and sentence of the notice about a deadline, by its kind."""


def clock_text(kind: str, case: CaseFile, now: datetime, zone: ZoneInfo) -> NoticeText:
    """About a deadline that is near or was missed. It tells nothing of the answers."""
    due = case.contact_due_at if kind.startswith("contact") else case.close_due_at
    facts = {"number": case.number, "due": moment(due, now, zone)}
    subject, sentence = CLOCK_TEXTS[kind]
    paragraphs = [spoken(sentence) % facts]
    if case.owner_id is None:
        paragraphs[0] += " " + translated("Nobody has taken it.")
    return _about(case, spoken(subject) % facts, paragraphs)


COLLEAGUE_TEXTS: dict[str, tuple[Message, Message]] = {
    "handed_over": (
        message("Case %(number)s is yours now"),
        message("%(by)s gave it to you. It is due by %(due)s."),
    ),
    "asked": (
        message("%(by)s asks you about case %(number)s"),
        message("The question is on the case. Answer it with a note."),
    ),
}
"""Subject and sentence of the notice that a colleague has caused, by its kind."""


def colleague_text(kind: str, case: CaseFile, by: str, now: datetime, zone: ZoneInfo) -> NoticeText:
    """About what a colleague did. What they wrote stays on the page."""
    facts = {"number": case.number, "by": by, "due": moment(case.due_at, now, zone)}
    subject, sentence = COLLEAGUE_TEXTS[kind]
    return _about(case, spoken(subject) % facts, [spoken(sentence) % facts])


def woken_text(case: CaseFile, now: datetime, zone: ZoneInfo) -> NoticeText:
    """About a case that waited for its customer until now."""
    facts = {"number": case.number, "due": moment(case.due_at, now, zone)}
    return _about(
        case,
        translated("Case %(number)s: go on with it") % facts,
        [translated("It waited until now. It is due by %(due)s.") % facts],
    )


def objection_text(case: CaseFile, now: datetime, zone: ZoneInfo) -> NoticeText:
    """About a customer who says that a closed case is not solved. What they wrote stays on the page."""
    facts = {"number": case.number, "due": moment(case.due_at, now, zone)}
    return _about(
        case,
        translated("Case %(number)s: the customer says that it is not solved") % facts,
        [translated("The work goes on in this case. It is due by %(due)s.") % facts],
    )


MAIL_TEXTS: dict[str, tuple[Message, Message]] = {
    "wrote": (
        message("Case %(number)s: the customer has answered by mail"),
        message("What they wrote is on the case."),
    ),
    "unsent": (
        message("Case %(number)s: a mail did not reach the customer"),
        message("Why is on the case. Nobody sends it again."),
    ),
}
"""Subject and sentence of the notice about a mail, by its kind."""


def mail_text(kind: str, case: CaseFile) -> NoticeText:
    """About a mail from a case or to it. What is in it stays on the page."""
    subject, sentence = MAIL_TEXTS[kind]
    return _about(case, spoken(subject) % {"number": case.number}, [spoken(sentence)])


def _about(case: CaseFile, subject: str, paragraphs: list[str]) -> NoticeText:
    return NoticeText(
        subject=subject,
        paragraphs=paragraphs,
        call=translated("Read it and act:"),
        path=f"/cases/{case.id}",
    )


def _happened(case: CaseFile, answer: Answer) -> str:
    if answer.id == case.answer_id:
        if answer.touchpoint:
            return translated("A customer gave %(score)s after %(touchpoint)s.")
        return translated("A customer gave %(score)s.")
    if answer.touchpoint:
        return translated(
            "A customer whose case is open has answered again, with %(score)s after %(touchpoint)s."
        )
    return translated("A customer whose case is open has answered again, with %(score)s.")


def _wish_and_task(case: CaseFile) -> Iterator[str]:
    if case.anonymous:
        yield translated("The answer is anonymous, so there is nobody to contact.")
    elif case.may_contact:
        yield translated("They want to be contacted.")
    elif case.may_contact is False:
        yield translated("They do not want to be contacted.")
    if case.waits_for_contact:
        yield translated("First contact is due by %(due)s.")
    else:
        yield translated("Close the case by %(due)s.")
