"""What becomes of a mail, and of all that wait behind it, when its outcome is known: pure rules.

A mail server that is away, or refuses us, stops the stream: nothing is tried but one mail now and then, so
that no mail loses a try by what is not its recipient's fault. The stream goes on as soon as one is taken,
or is refused for its own mailbox. A refusal that may be about us or about that one mail stops the stream
when three mails in a row meet it and none is taken between them. Such a refusal counts as a try of its mail
only if another mail has been taken since the last one: so a mail that alone is refused ends as failed, and
stops nobody else, while in a time in which all are refused nobody is used up.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from shared.mail import Away, Blocked, Deferred, Delivered, Outcome, Rejected, Unknown

LEASE_DURATION = timedelta(minutes=30)
"""How long a sender may hold a mail; who has not reported by then has died amid the sending. Longer than a
mail's whole way by the patience of RFC 5321 (shared/mail/mailer.py): fifteen minutes before DATA, twelve
after it.
"""
RETRY_AFTER_MINUTES: Sequence[float] = (1, 5, 15, 60, 240)
"""Until a mail is tried again; the last of them from then on."""
MAX_REFUSALS = 5
"""So often a mail is refused for good, without a word about its mailbox, until it has failed."""
UNCOUNTED_RETRY_AFTER = timedelta(minutes=15)
"""Until a mail is tried again whose refusal told nothing new."""
MAX_REFUSED_IN_A_ROW = 3
MIN_PROBE_INTERVAL, MAX_PROBE_INTERVAL = timedelta(seconds=1), timedelta(minutes=5)


class MailStream(msgspec.Struct, frozen=True, kw_only=True):
    """Whether mail leaves."""

    stopped_at: datetime | None = None
    reason: str | None = None
    """Why it is stopped; never with an address in it."""
    try_at: datetime | None = None
    """When one mail is tried, to see whether it goes on."""
    refused: tuple[UUID, ...] = ()
    """The mails that were refused, perhaps for our fault, since one was taken; at most the first three."""

    def may_try(self, now: datetime) -> bool:
        """Whether a mail may be claimed."""
        return self.stopped_at is None or self.try_at is None or self.try_at <= now

    def trying(self, now: datetime) -> "MailStream":
        """A mail is tried now, so the next one waits."""
        return msgspec.structs.replace(self, try_at=now + self.wait(now))

    def wait(self, now: datetime) -> timedelta:
        """A quarter of the time that it has been stopped for: what comes after the trouble is late by no
        more.
        """
        stopped_for = now - (self.stopped_at or now)
        return min(max(stopped_for / 4, MIN_PROBE_INTERVAL), MAX_PROBE_INTERVAL)

    def after(self, outcome: Outcome, mail: UUID, now: datetime) -> "MailStream":
        """How it stands when a mail has met this."""
        match outcome:
            case Delivered():
                return MailStream()
            case Deferred() | Rejected():
                return MailStream(refused=self.refused)
            case Away(reason):
                return self.stop(reason, now)
            case Blocked(reason) | Unknown(reason):
                refused = tuple(dict.fromkeys([*self.refused, mail]))[:MAX_REFUSED_IN_A_ROW]
                noted = msgspec.structs.replace(self, refused=refused)
                certain = isinstance(outcome, Blocked) and outcome.certain
                return noted.stop(reason, now) if certain or len(refused) == MAX_REFUSED_IN_A_ROW else noted

    def stop(self, reason: str, now: datetime) -> "MailStream":
        """Nothing leaves from now on, but a mail now and then to see."""
        since = self.stopped_at or now
        return msgspec.structs.replace(self, stopped_at=since, reason=reason).trying(now)


class MailResult(NamedTuple):
    """How a mail stands after it was tried."""

    state: Literal["sent", "waiting", "failed", "unknown"]
    reason: str | None = None
    next_at: datetime | None = None
    """When a waiting one is tried again; none: it is as due as it was."""
    tried: bool = False
    """It counts as one of its tries."""
    refused: bool = False
    """It counts as one of its refusals, which are among its tries."""


def mail_result(  # noqa: PLR0911  (one for each outcome)
    outcome: Outcome,
    mail: UUID,
    *,
    tries: int,
    refusals: int,
    most_tries: int | None,
    before: MailStream,
    after: MailStream,
    now: datetime,
) -> MailResult:
    """What becomes of a mail that had so many tries, in a stream that stood so and now stands so.

    A mailbox that is not ready uses up ``most_tries``, a refusal without a word about the mailbox
    ``REFUSED_TRIES``; neither counts as the other.
    """
    match outcome:
        case Delivered():
            return MailResult("sent", tried=True)
        case Rejected(reason):
            return MailResult("failed", reason, tried=True)
        case Unknown(reason):
            return MailResult("unknown", reason, tried=True)
        case Deferred(reason):
            if most_tries is not None and tries - refusals + 1 >= most_tries:
                return MailResult("failed", reason, tried=True)
            return MailResult("waiting", reason, retry_at(tries + 1, now), tried=True)
        case Away(reason):
            return MailResult("waiting", reason)
        case Blocked(reason, certain):
            news = after.stopped_at is None and mail not in before.refused
            if certain or not news:
                return MailResult(
                    "waiting", reason, retry_at(1, now) if certain else now + UNCOUNTED_RETRY_AFTER
                )
            if refusals + 1 >= MAX_REFUSALS:
                return MailResult("failed", reason, tried=True, refused=True)
            return MailResult("waiting", reason, retry_at(tries + 1, now), tried=True, refused=True)


def retry_at(tries: int, now: datetime) -> datetime:
    """When a mail that certainly was not taken is tried again: soon at first, then every four hours."""
    return now + timedelta(minutes=RETRY_AFTER_MINUTES[min(tries, len(RETRY_AFTER_MINUTES)) - 1])
