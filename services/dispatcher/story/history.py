"""What happened to an event's mail from its decision to its end, as far as it is stored."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import Row

from services.dispatcher.invitations.changes import MailChange
from services.dispatcher.invitations.states import ENDED_BY_US, FIRST_MAIL, read_invitation
from services.dispatcher.sending import repository as sending_rows
from services.dispatcher.sending.domain import SendingAct
from services.dispatcher.sending.labels import actor_label, change_sentence
from services.dispatcher.story.labels import DROP_REASONS, MAIL_STATES, REPORT_LABELS, TEXT_STATES
from services.dispatcher.story.steps import StoryStep, change_lines, end_of, postponed_steps
from shared.db import UnitOfWork
from shared.pages.language import counted, spoken, translated

WAITS = frozenset({"waiting", "sending"})
TRIED_AT_THE_END = frozenset({"sent", "failed", "bounced", "unknown"})
"""The states to which the last try has led."""


async def load_changes(uow: UnitOfWork, tenant: str, invitation: Row[Any]) -> Sequence[Row[Any]]:
    """Who changed how the company sends while this mail waited: stops and goes, test mode and live."""
    return await sending_rows.list_changes_between(
        uow, tenant, read_invitation(invitation).decided_at, _ended_at(invitation) or uow.now, _ACTS
    )


_ACTS: tuple[str, ...] = get_args(SendingAct)


def mail_history(
    invitation: Row[Any],
    changes: Sequence[Row[Any]],
    due_at: datetime | None = None,
    mail_changes: Sequence[MailChange] = (),
    *,
    came_back: bool = False,
) -> list[StoryStep]:
    """Planned, postponed, stopped and resumed, tried and put off, and what became of it at last.

    :param changes: of how the company sends.
    :param due_at: as it was decided; the invitation's own is later where it was postponed or left late.
    :param mail_changes: what postponed or ended this mail.
    :param came_back: whether a step of its own tells that it came back: then the last one tells that it left.
    """
    between = [*_changed(changes), *postponed_steps(mail_changes, FIRST_MAIL)]
    between.sort(key=lambda step: step.at or invitation.changed_at)
    end = end_of(mail_changes, FIRST_MAIL)
    last = _last_step(invitation, end if invitation.state in ENDED_BY_US else None, came_back=came_back)
    return [*_planned(invitation, due_at), *between, *_tried(invitation), last, *_reported(invitation)]


def link_history(invitation: Row[Any], requested_by: str | None) -> list[StoryStep]:
    """That a personal link was handed out, and by which API key it was asked for."""
    if invitation.state == "withheld":
        words = translated("It would have been handed out, but the company is in test mode.")
    elif requested_by is None:
        words = translated("It was handed out to be shown by the company itself.")
    else:
        words = translated(
            "It was handed out to the API key “%(key)s”, which shows it to the customer itself."
        ) % {"key": requested_by}
    return [StoryStep("link", invitation.sent_at or invitation.changed_at, words, invitation)]


def _planned(invitation: Row[Any], due_at: datetime | None) -> Iterator[StoryStep]:
    """For when the mail was planned, where what became of it does not tell that."""
    planned = read_invitation(invitation)
    due_at = due_at or planned.due_at
    waits_for_that = invitation.state == "waiting" and invitation.due_at == due_at
    if not waits_for_that and due_at > planned.decided_at and not _withheld_at_once(invitation):
        yield StoryStep("planned", planned.decided_at, "", due_at)


def _reported(invitation: Row[Any]) -> Iterator[StoryStep]:
    """What the SMS provider has said of a text that it took."""
    known = read_invitation(invitation)
    if known.report is not None:
        yield StoryStep("report", known.reported_at, spoken(REPORT_LABELS[known.report]), known)


def _withheld_at_once(invitation: Row[Any]) -> bool:
    return bool(invitation.state == "withheld" and invitation.version == 1)


def _changed(changes: Sequence[Row[Any]]) -> Iterator[StoryStep]:
    for change in changes:
        yield StoryStep("changed", change.at, change_sentence(actor_label(change.who), change.what))


def _tried(invitation: Row[Any]) -> Iterator[StoryStep]:
    """The tries that were put off, of a mail that does not wait for the next one."""
    tries = (invitation.attempts or 0) - (invitation.state in TRIED_AT_THE_END)
    if tries > 0 and invitation.state != "waiting":
        words = counted(
            "The mail server had put it off %(n)s time.",
            "The mail server had put it off %(n)s times.",
            tries,
        )
        yield StoryStep("tried", None, words % {"n": tries})


def _last_step(invitation: Row[Any], end: MailChange | None, *, came_back: bool) -> StoryStep:
    if came_back and invitation.state == "bounced":
        return StoryStep("mail", invitation.sent_at, spoken(MAIL_STATES["sent"]), invitation)
    states = TEXT_STATES if read_invitation(invitation).channel == "sms" else MAIL_STATES
    words = spoken(states[invitation.state])
    if invitation.state == "dropped":
        reason = DROP_REASONS.get(invitation.reason or "")
        words = f"{words} {spoken(reason)}" if reason else words
    times = {"sent": invitation.sent_at, "waiting": invitation.due_at}
    at = times.get(invitation.state, invitation.changed_at)
    return StoryStep("mail", at, words, invitation, change=end, lines=change_lines(end))


def _ended_at(invitation: Row[Any]) -> datetime | None:
    """When the mail ceased to wait; None: it has not."""
    if invitation.state in WAITS:
        return None
    at: datetime = invitation.sent_at or invitation.changed_at
    return at
