"""Words of the page of the unbegged score."""

from collections.abc import Sequence

from services.scorer.unbegged.domain import ComparedPlace, Explained, SelectionEffect, Sign
from shared.pages.filters import signed, thousands
from shared.pages.language import counted, spoken, translated
from shared.values.messages import Message, message

SIGN_LABELS: dict[Sign, Message] = {
    "fewer_asked": message("Fewer are asked than elsewhere. Why?"),
    "more_quick": message("More answers come within two minutes than elsewhere. Is somebody standing by?"),
    "quick_happier": message("Those who answer within two minutes are happier than the others. Why?"),
    "staff_network": message("More answers come from your own networks than elsewhere. Who gives them?"),
    "shared_device": message(
        "More answers than elsewhere share a device with two others of that day. Whose is it?"
    ),
    "selection": message("Who was not asked or did not answer could explain the higher score."),
}
_EXPLAINED: dict[Explained, Message] = {
    "no": message("Even then its score would be higher than elsewhere."),
    "worst_case": message("Were they all detractors, its score would not be higher than elsewhere."),
    "like_rest": message("Had they answered as elsewhere, its score would not be higher, beyond chance."),
}


def finding(places: Sequence[ComparedPlace]) -> str:
    """How many places have a sign."""
    n = sum(bool(place.signs) for place in places)
    if not places:
        return translated("Nobody could have been asked on these days.")
    if not n:
        return translated("Nothing stands out more than chance would make it.")
    return counted("%(n)s place raises a question.", "%(n)s places raise a question.", n) % {
        "n": thousands(n)
    }


def sign_words(sign: Sign) -> str:
    """The question that a sign asks."""
    return spoken(SIGN_LABELS[sign])


def selection_words(selection: SelectionEffect | None) -> str:
    """What the missing answers could change; empty: nothing is told."""
    if selection is None:
        return ""
    words = counted(
        "%(missing)s answer is missing against elsewhere: with it as elsewhere %(like)s, as a detractor's "
        "%(worst)s.",
        "%(missing)s answers are missing against elsewhere: with them as elsewhere %(like)s, all as "
        "detractors %(worst)s.",
        selection.missing,
    ) % {
        "missing": thousands(selection.missing),
        "like": signed(selection.like_rest),
        "worst": signed(selection.worst_case),
    }
    return f"{words} {spoken(_EXPLAINED[selection.explained])}" if selection.explained else words


def reasons_words(place: ComparedPlace) -> str:
    """Why customers were not asked; empty: all were."""
    counts = place.counts
    parts = [
        (counts.no_address, translated("%(n)s without an address")),
        (counts.unwilling, translated("%(n)s not wanted")),
        (counts.rested, translated("%(n)s asked lately")),
        (counts.otherwise, translated("%(n)s otherwise")),
    ]
    return ", ".join(words % {"n": thousands(n)} for n, words in parts if n)
