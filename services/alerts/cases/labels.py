"""Times, counts, causes and outcomes as pages and mails write them. The current time and zone are given."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.alerts.cases.domain.closing import CASE_OUTCOMES, CAUSES
from shared.pages.texts import NUMBER_WORDS, SOON

CAUSE_LABELS = {
    "missing_feature": "missing feature",
    "no_callback": "no call-back",
    "not_solvable": "not solvable by us",
}
OUTCOME_LABELS = {
    "recovered": "Recovered: the customer is content",
    "explained": "Explained: the customer knows why",
    "not_solvable": "Not solvable by us",
    "lost": "Lost",
}
CONTACT_LABELS = {"call": "Call", "mail": "Mail from somewhere else", "meeting": "In person"}
STATE_ADJECTIVES = {"open": "open ", "late": "late ", "closed": "closed ", "all": ""}


def in_words(count: int) -> str:
    """Nine; 13."""
    return NUMBER_WORDS[count] if count < len(NUMBER_WORDS) else f"{count:,}"


def waiting_sentence(count: int, late: int) -> str:
    """The heading of the inbox."""
    if count == 0:
        return "Nobody is waiting."
    if count == 1:
        return "One customer is waiting to hear from us" + (", and for too long." if late else ".")
    waiting = f"{in_words(count)} customers are waiting to hear from us"
    if late == 0:
        return f"{waiting}."
    if late == count:
        return f"{waiting}, all of them too long."
    return f"{waiting}; {in_words(late).lower()} of them too long."


def list_sentence(state: str, count: int, late: int, about: str, owner: str, *, max_counted: int) -> str:
    """The heading of a list: how many cases it has, or that there is none of that kind."""
    if count == 0:
        return _empty_list_sentence(state, about, owner)
    if about or state in {"closed", "all"}:
        counted = f"More than {max_counted:,}" if count >= max_counted else in_words(count)
        whose = {"me": " of yours", "nobody": " of nobody"}.get(owner, "")
        return f"{counted} {STATE_ADJECTIVES[state]}case{'' if count == 1 else 's'}{whose}{about}."
    return waiting_sentence(count, late)


def _empty_list_sentence(state: str, about: str, owner: str) -> str:
    if not about and owner == "everybody":
        return {
            "open": "Nobody is waiting.",
            "late": "Nobody is waiting too long.",
            "closed": "Nothing is closed yet.",
            "all": "There is no case yet.",
        }[state]
    kind = STATE_ADJECTIVES[state]
    if owner == "everybody":
        return f"There is no {kind}case{about}."
    return f"No {kind}case{about} is {'yours' if owner == 'me' else 'nobody’s'}."  # noqa: RUF001  (an apostrophe)


def duration(length: timedelta) -> str:
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
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    clock = local.strftime("%H:%M")
    names = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if (name := names.get((local.date() - today).days)) is not None:
        return f"{name} {clock}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {clock}"


def deadline(at: datetime, now: datetime, zone: ZoneInfo, *, contact: bool) -> str:
    """The deadline of the first contact, or (afterwards) of the end."""
    if at < now:
        return f"{duration(now - at)} late"
    prefix = "" if contact else "close by "
    if contact and at - now < SOON:
        return f"in {duration(at - now)}"
    return prefix + moment(at, now, zone)


def elapsed_percent(start: datetime, end: datetime, now: datetime) -> float:
    """How much of the time is over, in per cent."""
    return 100 * ((now - start) / (end - start)) if end > start else 100.0


def cause_label(code: str | None) -> str:
    """delivery.late: Delivery: late."""
    if not code:
        return ""
    theme, dot, part = code.partition(".")
    return f"{theme.capitalize()}: {CAUSE_LABELS.get(part, part)}" if dot else theme.capitalize()


def cause_options() -> list[tuple[str, list[tuple[str, str]]]]:
    """The causes that a case may be closed with: each theme with its causes, by code and label."""
    return [
        (theme.capitalize(), [(f"{theme}.{part}", cause_label(f"{theme}.{part}")) for part in parts])
        for theme, parts in CAUSES.items()
    ]


def outcome_options() -> list[tuple[str, str]]:
    """The outcomes that a case may be closed with, by code and label."""
    return [(code, OUTCOME_LABELS[code]) for code in CASE_OUTCOMES]


def attribute_label(name: str) -> str:
    """An attribute's name as people write it: order_id and orderId are Order id."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace("-", " ").split()
    label = " ".join(part if part.isupper() and len(part) > 1 else part.lower() for part in parts)
    return label[:1].upper() + label[1:]


def notified_sentence(people: int) -> str:
    """How many colleagues get a mail."""
    if people == 1:
        return "One colleague is told by mail."
    return f"{in_words(people)} colleagues are told by mail."


def mails_sentence(states: Mapping[str, int]) -> str:
    """The mails to colleagues that were not sent, by their states."""
    sentences = {
        "failed": ("One mail to a colleague was refused.", "{} mails to colleagues were refused."),
        "unknown": (
            "Nobody knows whether one mail to a colleague has left.",
            "Nobody knows whether {} mails to colleagues have left.",
        ),
        "waiting": ("One mail to a colleague waits.", "{} mails to colleagues wait."),
    }
    return " ".join(
        one if states[state] == 1 else many.format(in_words(states[state]).lower())
        for state, (one, many) in sentences.items()
        if states.get(state)
    )


def score_with_article(score: int) -> str:
    """A 3; an 8."""
    return f"{'an' if str(score).startswith('8') else 'a'} {score}"
