"""Words for introductions on pages and in notices, in the reader's language."""

from datetime import datetime
from zoneinfo import ZoneInfo

from services.alerts.cases.times import lateness, moment
from services.alerts.introductions.domain import (
    BlockReason,
    Introduction,
    IntroductionResult,
    IntroductionState,
    IntroductionStep,
    NotAskedReason,
)
from services.alerts.introductions.eligibility import NoTaskReason
from shared.pages.language import spoken, translated
from shared.values.messages import Message, message

STATE_LABELS: dict[IntroductionState, Message] = {
    "open": message("To ask"),
    "asked": message("Asked"),
    "agreed": message("Agreed"),
    "introduced": message("Introduced"),
    "met": message("Met"),
    "declined": message("Declined"),
    "not_asked": message("Not asked"),
    "blocked": message("Not to be asked"),
    "withdrawn": message("Withdrawn"),
}
NOT_ASKED_LABELS: dict[NotAskedReason, Message] = {
    "bad_time": message("It is a bad time for this customer."),
    "not_fitting": message("The customer can hardly introduce anybody."),
    "asked_before": message("The customer was asked already, outside of Afterword."),
    "other": message("Another reason"),
}
BLOCK_LABELS: dict[BlockReason, Message] = {
    "case_open": message("A case of the customer is open."),
    "unhappy_answer": message("The customer has given a low score since."),
    "answer_changed": message("The customer has changed the answer."),
    "machine": message("A machine gave the answer."),
}
RESULT_LABELS: dict[IntroductionResult, Message] = {
    "none": message("Nothing came of it"),
    "meeting": message("A meeting"),
    "contract": message("A contract"),
}
NO_TASK_LABELS: dict[NoTaskReason, Message] = {
    "restored": message("The answer was read again after a restore."),
    "event_unknown": message("What the answer is about has not arrived yet."),
    "no_account": message("The customer belongs to no account."),
    "no_manager": message("The account has no manager who is a colleague here and may see the answer."),
    "contact_refused": message("The customer does not want to be contacted."),
    "no_permission": message("The country of the customer asks for permission, and none was given."),
    "case_open": message("A case of the customer is open."),
    "case_not_recovered": message("A case was closed in the last 30 days, and not as recovered."),
    "unhappy_since": message("The customer has given a low score since."),
    "asked_recently": message("The customer was asked in the last 180 days."),
    "has_task": message("The customer or the account has an open task already."),
}
STEP_LABELS: dict[str, Message] = {
    "opened": message("The task was opened."),
    "ask": message("%(name)s asked the customer."),
    "not_ask": message("%(name)s decided not to ask."),
    "agree": message("%(name)s noted that the customer agreed."),
    "decline": message("%(name)s noted that the customer declined."),
    "introduce": message("%(name)s noted the introduction."),
    "meet": message("%(name)s noted the meeting."),
    "conclude": message("%(name)s noted what came of it."),
    "note": message("%(name)s wrote a note."),
    "hand_over": message("%(name)s handed it over."),
    "blocked": message("The customer is not to be asked any more."),
    "withdrawn": message("The customer was erased."),
}


def reason_words(task: Introduction) -> str:
    """Why a task was not asked or is blocked; empty: it is neither."""
    labels = (*NOT_ASKED_LABELS.items(), *BLOCK_LABELS.items())
    return next((spoken(label) for reason, label in labels if reason == task.reason), "")


def step_words(step: IntroductionStep) -> str:
    """What happened."""
    return spoken(STEP_LABELS[step.act]) % {"name": step.by_name}


def short_due_words(task: Introduction, now: datetime, zone: ZoneInfo) -> str:
    """When an open task is due, or how late it is, as the list has it."""
    return lateness(now - task.due_at) if task.is_late(now) else moment(task.due_at, now, zone)


def due_words(task: Introduction, now: datetime, zone: ZoneInfo) -> str:
    """The same in words of its own."""
    due = short_due_words(task, now, zone)
    return due if task.is_late(now) else translated("ask by %(at)s") % {"at": due}


def new_task_sentence(task: Introduction, now: datetime, zone: ZoneInfo) -> str:
    """What a notice says of a new task; nothing of who the customer is."""
    words = translated(
        "A customer of one of your accounts gave %(score)s. Thank them and ask whom they could introduce to "
        "us, by %(due)s."
    )
    return words % {"score": task.score, "due": moment(task.due_at, now, zone)}


def overdue_sentence(task: Introduction, now: datetime, zone: ZoneInfo) -> str:
    """What a notice says of a task that is late."""
    words = translated("A customer who gave %(score)s was to be asked for an introduction by %(due)s.")
    return words % {"score": task.score, "due": moment(task.due_at, now, zone)}
