"""Whether an answer could be a machine's, and what it counts as until a person has judged it. Pure.

Scanners of mail follow links, run the script of a page and press its buttons. An answer that shows a sign of
one is suspect: it is kept and shown to staff, and kept out of scores, cases and reminders until somebody
judges it, or until a post without a sign comes by the same link. A person is never refused, nor is anything
that they post dropped without a word.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from msgspec.structs import replace

from services.collector.visits import Mails, is_scanner
from shared.events.answers import Answer, HeldAnswer, Judgement, MachineSign

SIGNS: tuple[MachineSign, ...] = get_args(MachineSign)
JUDGEMENTS: tuple[Judgement, ...] = get_args(Judgement)
FAST = timedelta(seconds=2)
"""A form that comes back sooner was not read. A nonce has whole seconds: it may be one second in truth."""


@dataclass(frozen=True, slots=True)
class Post:
    """What a posted form tells of whoever posted it."""

    agent: str
    """The User-Agent header."""
    trapped: bool
    """The field that nobody sees was filled in."""
    touched: bool | None
    """The page's script saw a trusted event of pointer, wheel or key, or saw none; None: it did not run."""
    is_timed: bool
    """The page had the field for that; one of an earlier version has not, and is not judged by time."""
    rendered_at: datetime | None
    """When the page was made, in whole seconds; None: its nonce does not say."""
    mails: Mails
    """By which its link came."""


def signs_of(post: Post, now: datetime) -> tuple[MachineSign, ...]:
    """What speaks for a machine. A hand on the page outweighs the time: a scanner has none."""
    found: list[MachineSign] = []
    if post.trapped:
        found.append("honeypot")
    if is_scanner(post.agent):
        found.append("agent")
    if post.touched is False:
        found.append("untouched")
    if post.is_timed and not post.touched:
        if post.mails.are_early(now):
            found.append("early")
        if post.rendered_at is not None and now < post.rendered_at + FAST:
            found.append("fast")
    return tuple(found)


def signs_left(
    signs: tuple[MachineSign, ...], *, touched: bool, pressed_again: bool
) -> tuple[MachineSign, ...]:
    """The signs for which a form that cannot be held comes back, for Send to be pressed once more.

    An anonymous answer cannot be found to be judged, and beside a person's answer nothing is held. A hand on
    the page outweighs the agent: companies show pages in programs that scanners use, too. Send on the page
    that came back outweighs all but a haste that nobody has: so no person is kept out.
    """
    outweighed: set[MachineSign] = {"agent"} if touched else set()
    if pressed_again:
        outweighed |= set(SIGNS) - {"fast"}
    return tuple(sign for sign in signs if sign not in outweighed)


def is_held(answer: Answer) -> bool:
    """Whether it counts nowhere: it has a score and a sign, and nobody has judged it a person's."""
    return answer.score is not None and bool(answer.signs) and answer.judgement != "human"


def is_of_person(answer: Answer | None) -> bool:
    """Whether somebody has given it who is not taken for a machine: nothing else is held beside it."""
    return answer is not None and answer.score is not None and not is_held(answer)


def published(answer: Answer) -> Answer:
    """The answer as its event has it. One that is held looks like a link that was followed: a reader of an
    earlier version, which knows no signs, does not count it either.
    """
    if not is_held(answer) or answer.score is None or answer.day is None or answer.answered_at is None:
        return answer
    return replace(
        answer,
        state="clicked",
        held=HeldAnswer(
            state="sent" if answer.state == "sent" else "saved",
            score=answer.score,
            comment=answer.comment,
            follow_up_question=answer.follow_up_question,
            follow_up=answer.follow_up,
            replies=answer.replies,
            may_contact=answer.may_contact,
            day=answer.day,
            answered_at=answer.answered_at,
        ),
        score=None,
        comment=None,
        follow_up_question=None,
        follow_up=None,
        replies=(),
        may_contact=None,
        day=None,
        answered_at=None,
    )


def restored(answer: Answer) -> Answer:
    """The answer as it is kept, from its event: the reverse of :func:`published`."""
    held = answer.held
    if held is None:
        return answer
    return replace(answer, held=None, **{name: getattr(held, name) for name in held.__struct_fields__})
