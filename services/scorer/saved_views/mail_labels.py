"""What became of the mails of a view, and when the next is due, in words."""

from collections.abc import Iterator
from datetime import datetime

from shared.pages.filters import clock_time, day
from shared.pages.language import counted, spoken, translated
from shared.privacy.view_mails import LeftViewMails, OwnViewMail, ViewMailHistory, ViewMailOutcome
from shared.values.messages import Message, message

OWN_WORDS: dict[ViewMailOutcome, Message] = {
    "waiting": message("The mail of Monday %(monday)s is on its way to you."),
    "quiet": message(
        "The mail of Monday %(monday)s waits for the end of your quiet hours, %(day)s at %(time)s."
    ),
    "refused": message("Your mailbox refused the mail of Monday %(monday)s. Is your address still right?"),
    "withdrawn": message(
        "The mail of Monday %(monday)s did not leave: what you may see or want had changed."
    ),
    "unknown": message(
        "Whether the mail of Monday %(monday)s reached you is not known. It is not sent twice."
    ),
    "no_mail": message("None was written on Monday %(monday)s: you have chosen to get no mail."),
    "not_shown": message(
        "None was written on Monday %(monday)s: you could not see what the view shows, or it had no scores."
    ),
}


def mail_words(history: ViewMailHistory | None, wanted_since: datetime | None, now: datetime) -> list[str]:
    """Sentences about the last mail and the next one.

    :param history: None: alerts does not answer.
    :param wanted_since: since when the reader gets the view; None: they do not.
    """
    if history is None:
        return [
            translated(
                "When the last one left cannot be told at this moment. Load the page again in a minute."
            )
        ]
    return list(_words(history, wanted_since, now))


def _words(history: ViewMailHistory, wanted_since: datetime | None, now: datetime) -> Iterator[str]:
    own, left = history.own, history.left
    if wanted_since is not None:
        yield from _own_words(history, wanted_since)
    told = own is not None and left is not None and own.outcome == "sent" and own.monday == left.monday
    if left is not None and (wanted_since is None or not told):
        yield _left(left)
    if wanted_since is not None and history.next_at is not None:
        if history.next_at <= now:
            yield translated("The next one is due now.")
        else:
            yield translated("The next one is due on %(day)s at %(time)s.") % _at(history.next_at)


def _own_words(history: ViewMailHistory, wanted_since: datetime) -> Iterator[str]:
    own, left, week = history.own, history.left, history.week
    newest = own is not None and week is not None and own.monday >= week.monday
    if week is not None and week.state != "done" and not newest and wanted_since <= week.until:
        facts = {"monday": day(week.monday), "time": clock_time(week.until)}
        if week.state == "open":
            yield (
                translated("The mail of Monday %(monday)s is not written yet. It is tried until %(time)s.")
                % facts
            )
        else:
            yield (
                translated("The mail of Monday %(monday)s is left out: it could not be written in time.")
                % facts
            )
    elif own is None:
        yield translated("None has left to you yet.")
    if own is None:
        return
    if own.outcome == "sent":
        yield _own_left(own, own.at, left)
    else:
        yield spoken(OWN_WORDS[own.outcome]) % {"monday": day(own.monday), **_at(own.at)}


def _own_left(own: OwnViewMail, at: datetime, left: LeftViewMails | None) -> str:
    facts = _at(at)
    others = left.people - 1 if left is not None and left.monday == own.monday else 0
    if not others:
        return translated("The last one left on %(day)s at %(time)s, to you alone.") % facts
    words = counted(
        "The last one left on %(day)s at %(time)s, to you and %(num)s other person.",
        "The last one left on %(day)s at %(time)s, to you and %(num)s other people.",
        others,
    )
    return words % {**facts, "num": others}


def _left(left: LeftViewMails) -> str:
    words = counted(
        "It last left on %(day)s at %(time)s, to %(num)s person.",
        "It last left on %(day)s at %(time)s, to %(num)s people.",
        left.people,
    )
    return words % {**_at(left.at), "num": left.people}


def _at(moment: datetime) -> dict[str, str]:
    return {"day": day(moment), "time": clock_time(moment)}
