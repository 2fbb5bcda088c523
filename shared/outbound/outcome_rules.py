"""What an outcome means for its mail, and for all that wait behind it: pure rules.

When the mail server is away or blocks us, the stream stops: nothing is tried but one mail now and then, so
that no mail uses up a try for what is not its recipient's fault. The stream goes on when a mail is accepted,
or is refused for its own mailbox. A refusal that may be about us or about that one mail stops the stream when
three mails meet it and none is accepted in between. Such a refusal counts as a try of its mail only if
another mail has been accepted since the last one: so a mail that is refused alone fails in the end and delays
no other, while no mail fails during a time in which all are refused. After a refusal a mail is tried that has
not been tried yet, if one is due: however many are refused for their recipients' sake, the others leave.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from shared.mail import Away, Blocked, Deferred, Delivered, Outcome, Rejected, Unknown

LEASE_DURATION = timedelta(minutes=30)
"""How long a claimed mail is its sender's; without an outcome by then, the sender has died while sending.
Longer than an attempt by the timeouts of RFC 5321 (shared/mail/mailer.py): fifteen minutes before DATA,
twelve after it.
"""
RETRY_AFTER_MINUTES: Sequence[float] = (1, 5, 15, 60, 240)
"""Before the second try, the third and so on; the last for all later ones."""
MAX_REFUSALS = 5
"""A mail has failed after so many permanent refusals that did not name its mailbox."""
UNCOUNTED_RETRY_AFTER = timedelta(minutes=15)
"""Before the next try of a mail whose refusal was not counted."""
MAX_REFUSED_IN_A_ROW = 3
MIN_PROBE_INTERVAL, MAX_PROBE_INTERVAL = timedelta(seconds=1), timedelta(minutes=5)


class MailStream(msgspec.Struct, frozen=True, kw_only=True):
    """Whether mail is sent, or stopped."""

    stopped_at: datetime | None = None
    reason: str | None = None
    """Why it is stopped; it never contains an address."""
    try_at: datetime | None = None
    """When one mail is tried although the stream is stopped."""
    refused: tuple[UUID, ...] = ()
    """Mails that were refused, perhaps for our fault, since one was accepted; at most the first three."""

    def may_try(self, now: datetime) -> bool:
        """Whether a mail may be claimed."""
        return self.stopped_at is None or self.try_at is None or self.try_at <= now

    def trying(self, now: datetime) -> "MailStream":
        """The stream once a mail is being tried: the next one waits."""
        return msgspec.structs.replace(self, try_at=now + self.wait(now))

    def wait(self, now: datetime) -> timedelta:
        """A quarter of the time since the stop: after an outage mail is late by no more than that."""
        stopped_for = now - (self.stopped_at or now)
        return min(max(stopped_for / 4, MIN_PROBE_INTERVAL), MAX_PROBE_INTERVAL)

    def after(self, outcome: Outcome, mail: UUID, now: datetime) -> "MailStream":
        """The stream after the outcome of a mail."""
        match outcome:
            case Delivered():
                return MailStream()
            case Deferred() | Rejected():
                return MailStream(refused=self.refused)
            case Away(reason):
                return self.stop(reason, now)
            case Blocked(reason) | Unknown(reason):
                refused = tuple(dict.fromkeys([*self.refused, mail]))[:MAX_REFUSED_IN_A_ROW]
                counted = msgspec.structs.replace(self, refused=refused)
                certain = isinstance(outcome, Blocked) and outcome.certain
                return (
                    counted.stop(reason, now) if certain or len(refused) == MAX_REFUSED_IN_A_ROW else counted
                )

    def stop(self, reason: str, now: datetime) -> "MailStream":
        """The stream when it is stopped now: only one mail is tried now and then."""
        since = self.stopped_at or now
        return msgspec.structs.replace(self, stopped_at=since, reason=reason).trying(now)


class MailResult(NamedTuple):
    """The state of a delivery after an attempt; ``dropped``: there was none, a rule forbids it."""

    state: Literal["sent", "waiting", "failed", "dropped", "unknown"]
    reason: str | None = None
    next_at: datetime | None = None
    """When a waiting mail is tried again; None: it stays due since when it was."""
    tried: bool = False
    """Whether the attempt counts as a try."""
    refused: bool = False
    """Whether it counts as a refusal; each is a try too."""
    destination_refuses: bool = False
    """Whether each mail to the same domain would meet the same now."""


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
    """The state of a mail after its outcome, given its earlier tries and the stream before and after it.

    Temporary refusals of the mailbox count towards ``most_tries``, permanent ones that do not name it towards
    ``MAX_REFUSALS``; neither counts as the other.
    """
    match outcome:
        case Delivered():
            return MailResult("sent", tried=True)
        case Rejected(reason):
            return MailResult("failed", reason, tried=True)
        case Unknown(reason):
            return MailResult("unknown", reason, tried=True)
        case Deferred(reason, is_of_destination, not_before):
            if most_tries is not None and tries - refusals + 1 >= most_tries:
                return MailResult("failed", reason, tried=True, destination_refuses=is_of_destination)
            next_at = max(retry_at(tries + 1, now), not_before or now)
            return MailResult("waiting", reason, next_at, tried=True, destination_refuses=is_of_destination)
        case Away(reason):
            return MailResult("waiting", reason)
        case Blocked(reason, certain):
            counts = after.stopped_at is None and mail not in before.refused
            if certain or not counts:
                return MailResult(
                    "waiting", reason, retry_at(1, now) if certain else now + UNCOUNTED_RETRY_AFTER
                )
            if refusals + 1 >= MAX_REFUSALS:
                return MailResult("failed", reason, tried=True, refused=True)
            return MailResult("waiting", reason, retry_at(tries + 1, now), tried=True, refused=True)


def retry_at(tries: int, now: datetime) -> datetime:
    """When a mail that was not accepted is tried again: soon at first, then every four hours."""
    return now + timedelta(minutes=RETRY_AFTER_MINUTES[min(tries, len(RETRY_AFTER_MINUTES)) - 1])
