"""Changes of how a company sends as sentences, for staff."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import Row

from shared.pages.filters import value_name
from shared.pages.language import translated
from shared.values.messages import translatable

CHANGES = (
    translatable("%(who)s went live."),
    translatable("%(who)s went back to test mode."),
    translatable("%(who)s stopped all sending."),
    translatable("%(who)s started sending again."),
    translatable("%(who)s set the test addresses (%(n)s)."),
    translatable("%(who)s set the customer ids that stand for nobody (%(n)s)."),
)
"""The log has the words between: ``went live``, ``set the test addresses (3)``."""
_KEY = translatable("the key %(name)s")
_UNNAMED = {
    translatable("the command line"),
    translatable("the customer"),
    translatable("the mail servers"),
    translatable("the customer, by text"),
    translatable("the company"),
}
_COUNT_PATTERN = re.compile(r"\((\d+)\)$")


@dataclass(frozen=True)
class ChangeLine:
    """A change in the log."""

    at: datetime
    actor: str
    sentence: Markup

    @classmethod
    def of(cls, row: Row[Any]) -> "ChangeLine":
        """A row of the log."""
        actor = actor_label(row.who)
        return cls(row.at, actor, change_sentence(actor, row.what))


def change_sentence(actor: str, what: str) -> Markup:
    """Who did what, as HTML; an act that is not known here stays as it is stored."""
    count = _COUNT_PATTERN.search(what)
    act = _COUNT_PATTERN.sub("(%(n)s)", what.replace("%", "%%"))
    who = Markup("<bdi>{}</bdi>").format(value_name(actor))
    return escape(translated(f"%(who)s {act}.")) % {"who": who, "n": count[1] if count else ""}


def actor_label(who: str) -> str:
    """The name of who acted, as it is logged; who has none, and keys, in the reader's language."""
    prefix = _KEY.partition("%")[0]
    if who.startswith(prefix):
        return translated(_KEY) % {"name": who.removeprefix(prefix)}
    return translated(who) if who in _UNNAMED else who


def stored_name(actor: str) -> str:
    """What the log has for the name of an actor without one, given in the reader's language."""
    return next((who for who in _UNNAMED if translated(who).casefold() == actor.casefold()), actor)
