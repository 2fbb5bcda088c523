"""Sentences with counts of customers, cases and mails, in the reader's language."""

from collections.abc import Mapping

import msgspec

from shared.pages.filters import thousands
from shared.pages.language import counted, spoken, translated
from shared.pages.texts import NUMBER_WORDS
from shared.values.messages import Message, message

LIST_SENTENCES = {
    ("open", "everybody"): message("One open case%(about)s.", "%(count)s open cases%(about)s."),
    ("open", "me"): message("One open case of yours%(about)s.", "%(count)s open cases of yours%(about)s."),
    ("open", "nobody"): message(
        "One open case of nobody%(about)s.", "%(count)s open cases of nobody%(about)s."
    ),
    ("late", "everybody"): message("One late case%(about)s.", "%(count)s late cases%(about)s."),
    ("late", "me"): message("One late case of yours%(about)s.", "%(count)s late cases of yours%(about)s."),
    ("late", "nobody"): message(
        "One late case of nobody%(about)s.", "%(count)s late cases of nobody%(about)s."
    ),
    ("waiting", "everybody"): message(
        "One case waits for its customer%(about)s.", "%(count)s cases wait for their customers%(about)s."
    ),
    ("waiting", "me"): message(
        "One case of yours waits for its customer%(about)s.",
        "%(count)s cases of yours wait for their customers%(about)s.",
    ),
    ("waiting", "nobody"): message(
        "One case of nobody waits for its customer%(about)s.",
        "%(count)s cases of nobody wait for their customers%(about)s.",
    ),
    ("closed", "everybody"): message("One closed case%(about)s.", "%(count)s closed cases%(about)s."),
    ("closed", "me"): message(
        "One closed case of yours%(about)s.", "%(count)s closed cases of yours%(about)s."
    ),
    ("closed", "nobody"): message(
        "One closed case of nobody%(about)s.", "%(count)s closed cases of nobody%(about)s."
    ),
    ("all", "everybody"): message("One case%(about)s.", "%(count)s cases%(about)s."),
    ("all", "me"): message("One case of yours%(about)s.", "%(count)s cases of yours%(about)s."),
    ("all", "nobody"): message("One case of nobody%(about)s.", "%(count)s cases of nobody%(about)s."),
}
"""By state and owner. ``about`` is empty, or begins with a space."""
EMPTY_LIST_SENTENCES = {
    ("open", "everybody"): message("There is no open case%(about)s."),
    ("open", "me"): message("No open case%(about)s is yours."),
    ("open", "nobody"): message("No open case%(about)s is nobody’s."),  # noqa: RUF001  (an apostrophe)
    ("late", "everybody"): message("There is no late case%(about)s."),
    ("late", "me"): message("No late case%(about)s is yours."),
    ("late", "nobody"): message("No late case%(about)s is nobody’s."),  # noqa: RUF001  (an apostrophe)
    ("waiting", "everybody"): message("No case%(about)s waits for its customer."),
    ("waiting", "me"): message("No case of yours%(about)s waits for its customer."),
    ("waiting", "nobody"): message("No case of nobody%(about)s waits for its customer."),
    ("closed", "everybody"): message("There is no closed case%(about)s."),
    ("closed", "me"): message("No closed case%(about)s is yours."),
    ("closed", "nobody"): message("No closed case%(about)s is nobody’s."),  # noqa: RUF001  (an apostrophe)
    ("all", "everybody"): message("There is no case%(about)s."),
    ("all", "me"): message("No case%(about)s is yours."),
    ("all", "nobody"): message("No case%(about)s is nobody’s."),  # noqa: RUF001  (an apostrophe)
}
NOTHING_YET_SENTENCES = {
    "open": message("Nobody is waiting."),
    "late": message("Nobody is waiting too long."),
    "waiting": message("No case waits for its customer."),
    "closed": message("Nothing is closed yet."),
    "all": message("There is no case yet."),
}
MAIL_SENTENCES = {
    "failed": message("One mail to a colleague was refused.", "%(count)s mails to colleagues were refused."),
    "unknown": message(
        "Nobody knows whether one mail to a colleague has left.",
        "Nobody knows whether %(count)s mails to colleagues have left.",
    ),
    "waiting": message("One mail to a colleague waits.", "%(count)s mails to colleagues wait."),
}
"""By the state of the mails."""


def in_words(count: int) -> str:
    """Nine; 13."""
    return translated(NUMBER_WORDS[count]) if count < len(NUMBER_WORDS) else thousands(count)


def waiting_sentence(count: int, late: int) -> str:
    """The heading of the inbox."""
    if count == 0:
        return spoken(NOTHING_YET_SENTENCES["open"])
    if late == 0:
        sentence = counted(
            "One customer is waiting to hear from us.",
            "%(count)s customers are waiting to hear from us.",
            count,
        )
    elif late == count:
        sentence = counted(
            "One customer is waiting to hear from us, and for too long.",
            "%(count)s customers are waiting to hear from us, all of them too long.",
            count,
        )
    else:
        # “One” at the beginning of a sentence cannot everywhere be put in lower case: Eén, but één.
        sentence = counted(
            "%(count)s customers are waiting to hear from us; one of them too long.",
            "%(count)s customers are waiting to hear from us; %(late)s of them too long.",
            late,
        )
    return sentence % {"count": in_words(count), "late": in_words(late).lower()}


def list_sentence(state: str, count: int, late: int, about: str, owner: str, *, max_counted: int) -> str:
    """The heading of a list: how many cases it has, or that there is none of that kind."""
    if count == 0:
        if about or owner != "everybody":
            return spoken(EMPTY_LIST_SENTENCES[state, owner]) % {"about": about}
        return spoken(NOTHING_YET_SENTENCES[state])
    if not about and state in {"open", "late"}:
        return waiting_sentence(count, late)
    words = in_words(count)
    if count >= max_counted:
        words = translated("More than %(count)s") % {"count": thousands(max_counted)}
    return _with_count(LIST_SENTENCES[state, owner], count, words, about=about)


def notified_sentence(people: int) -> str:
    """How many colleagues are told of an answer."""
    sentence = counted("One colleague is told of it.", "%(count)s colleagues are told of it.", people)
    return sentence % {"count": in_words(people)}


def mails_sentence(states: Mapping[str, int]) -> str:
    """The mails to colleagues that were not sent, by their states."""
    found = (
        _with_count(sentence, states[state], in_words(states[state]).lower())
        for state, sentence in MAIL_SENTENCES.items()
        if states.get(state)
    )
    return " ".join(sentence[:1].upper() + sentence[1:] for sentence in found)


def score_with_article(score: int) -> str:
    """A 3; an 8."""
    text = translated("an %(score)s") if str(score).startswith("8") else translated("a %(score)s")
    return text % {"score": score}


def _with_count(sentence: Message, n: int, words: str, **facts: str) -> str:
    return spoken(msgspec.structs.replace(sentence, facts={"n": n, "count": words, **facts}))
