"""Times and counts as the pages of cases write them. Pure: now and zone are given."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.alerts.domain import CAUSES, CaseFile
from shared.events import Answer

SOON = timedelta(hours=3)
ROLE_WORDS: dict[str, str] = {
    "admin": "an administrator",
    "editor": "an editor",
    "leader": "a team leader",
    "agent": "an agent",
    "analyst": "an analyst",
}
# People are counted in words.
NUMBERS = (
    "Nobody",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
)
CAUSE_WORDS = {
    "missing_feature": "missing feature",
    "no_callback": "no call-back",
    "not_solvable": "not solvable by us",
}
OUTCOME_WORDS = {
    "recovered": "Recovered: the customer is content",
    "explained": "Explained: the customer knows why",
    "not_solvable": "Not solvable by us",
    "lost": "Lost",
}
HOW_WORDS = {"call": "Call", "mail": "Mail from somewhere else", "meeting": "In person"}


def in_words(count: int) -> str:
    """Nine; 13."""
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"


def waiting(count: int, late: int) -> str:
    """The finding of the inbox."""
    if count == 0:
        return "Nobody is waiting."
    if count == 1:
        return "One customer is waiting to hear from us" + (", and for too long." if late else ".")
    said = f"{in_words(count)} customers are waiting to hear from us"
    if late == 0:
        return f"{said}."
    if late == count:
        return f"{said}, all of them too long."
    return f"{said}; {in_words(late).lower()} of them too long."


def found(state: str, count: int, late: int, about: str, owner: str, *, most: int) -> str:
    """The finding of a list: how many cases were asked for, or that there is none of that kind."""
    if count == 0:
        return _none(state, about, owner)
    if about or state in {"closed", "all"}:
        kind = {"open": "open ", "late": "late ", "closed": "closed ", "all": ""}[state]
        counted = f"More than {most:,}" if count >= most else in_words(count)
        whose = {"me": " of yours", "nobody": " of nobody"}.get(owner, "")
        return f"{counted} {kind}case{'' if count == 1 else 's'}{whose}{about}."
    return waiting(count, late)


def _none(state: str, about: str, owner: str) -> str:
    """That a list is empty, with what it was asked for."""
    if not about and owner == "everybody":
        return {
            "open": "Nobody is waiting.",
            "late": "Nobody is waiting too long.",
            "closed": "Nothing is closed yet.",
            "all": "There is no case yet.",
        }[state]
    kind = {"open": "open ", "late": "late ", "closed": "closed ", "all": ""}[state]
    if owner == "everybody":
        return f"There is no {kind}case{about}."
    return f"No {kind}case{about} is {'yours' if owner == 'me' else 'nobody’s'}."  # noqa: RUF001  (an apostrophe)


def span(length: timedelta) -> str:
    """1 h 9 min; 4 days, to the nearest."""
    minutes = int(length / timedelta(minutes=1))
    if minutes < 60:  # noqa: PLR2004  (an hour)
        return f"{minutes}\u00a0min"
    hours = minutes // 60
    if hours < 48:  # noqa: PLR2004  (two days)
        rest = f" {minutes % 60}\u00a0min" if minutes % 60 and hours < 24 else ""  # noqa: PLR2004  (a day)
        return f"{hours}\u00a0h{rest}"
    return f"{int(length / timedelta(days=1) + 0.5)}\u00a0days"


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Today 15:41; tomorrow 09:12; Mon 23 Nov 13:50."""
    here, today = at.astimezone(zone), now.astimezone(zone).date()
    clock = here.strftime("%H:%M")
    names = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if (name := names.get((here.date() - today).days)) is not None:
        return f"{name} {clock}"
    year = "" if here.year == today.year else f" {here.year}"
    return f"{here:%a} {here.day} {here:%b}{year} {clock}"


def due(at: datetime, now: datetime, zone: ZoneInfo, *, contact: bool) -> str:
    """How a row says its deadline: of the first contact, or (afterwards) of the end."""
    if at < now:
        return f"{span(now - at)} late"
    prefix = "" if contact else "close by "
    if contact and at - now < SOON:
        return f"in {span(at - now)}"
    return prefix + moment(at, now, zone)


def elapsed(start: datetime, end: datetime, now: datetime) -> float:
    """How much of the time is gone, in per cent."""
    return 100 * ((now - start) / (end - start)) if end > start else 100.0


def cause(code: str | None) -> str:
    """delivery.late: Delivery: late."""
    if not code:
        return ""
    theme, dot, part = code.partition(".")
    return f"{theme.capitalize()}: {cause_part(part)}" if dot else theme.capitalize()


def causes() -> list[tuple[str, list[tuple[str, str]]]]:
    """What a case may be closed with: each theme with its causes, by code and in words."""
    return [
        (theme.capitalize(), [(f"{theme}.{part}", cause(f"{theme}.{part}")) for part in parts])
        for theme, parts in CAUSES.items()
    ]


def cause_part(part: str) -> str:
    """missing_feature: missing feature."""
    return CAUSE_WORDS.get(part, part)


def label(name: str) -> str:
    """An attribute's name as people write it: order_id and orderId are Order id."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace("-", " ").split()
    said = " ".join(part if part.isupper() and len(part) > 1 else part.lower() for part in parts)
    return said[:1].upper() + said[1:]


def told(people: int) -> str:
    """How many colleagues get a mail."""
    return (
        "One colleague is told by mail."
        if people == 1
        else f"{in_words(people)} colleagues are told by mail."
    )


def mails(states: Mapping[str, int]) -> str:
    """What became of the mails to colleagues, where that is other than that they were sent."""
    said = {
        "failed": ("One mail to a colleague was refused.", "{} mails to colleagues were refused."),
        "unknown": (
            "Nobody knows whether one mail to a colleague has left.",
            "Nobody knows whether {} mails to colleagues have left.",
        ),
        "waiting": ("One mail to a colleague waits.", "{} mails to colleagues wait."),
    }
    return " ".join(
        one if states[state] == 1 else many.format(in_words(states[state]).lower())
        for state, (one, many) in said.items()
        if states.get(state)
    )


def case_mail(case: CaseFile, answer: Answer, now: datetime, zone: ZoneInfo) -> tuple[str, list[str]]:
    """The subject and the paragraphs of the mail about an answer. What the customer wrote, and who they are,
    stays on the page.
    """
    where = f" after {answer.touchpoint}" if answer.touchpoint else ""
    first = f"A customer gave {a(answer.score or 0)}{where}."
    if answer.id != case.answer_id:
        first = f"A customer whose case is open has answered again, with {a(answer.score or 0)}{where}."
    if case.may_contact is False:
        next_ = f"They do not want to be contacted. Close the case by {moment(case.close_due_at, now, zone)}."
    else:
        wish = "They want to be contacted. " if case.may_contact else ""
        deadline = moment(case.due_at, now, zone)
        next_ = (
            f"{wish}{'First contact is due' if case.waits_for_contact else 'Close the case'} by {deadline}."
        )
    return f"Case {case.number}: a customer gave {a(answer.score or 0)}", [first, next_, "Read it and act:"]


def a(score: int) -> str:
    """A score with its article: a 3, an 8."""
    return f"an {score}" if score == 8 else f"a {score}"  # noqa: PLR2004  (an eight, in English)


def invitation(company: str, role: str, inviter: str | None) -> str:
    """The first sentence of the mail that lets somebody in."""
    if inviter is None:
        return f"You can now sign in to Afterword for {company}, as {ROLE_WORDS[role]}."
    return f"{inviter} lets you sign in to Afterword for {company}, as {ROLE_WORDS[role]}."
