"""Which segments stand for single employees, and who may see how such a one stands."""

import re
from collections.abc import Sequence

from shared.events.envelope import Data, Name
from shared.events.segments import ORGANISATION, decoded

LEVEL = 3
"""A path is department, function, person: so the third level is people, until a company says otherwise."""
_ENGLISH = (
    "agent|advis[eo]r|cashier|clerk|colleague|consultant|courier|doctor|driver|employee|handled ?by|handler"
)
_ENGLISH += (
    "|nurse|operator|person|rep|representative|sales ?(man|person|rep)|seller|served ?by|staff( ?member)?"
)
_ENGLISH += "|teacher|technician|therapist|waiter"
_DANISH = (
    "behandler|chauffør|ekspedient|konsulent|læge|medarbejder|montør|rådgiver|sagsbehandler|sælger|tekniker"
)
_DUTCH = "adviseur|behandelaar|chauffeur|medewerker|monteur|verkoper"
_GERMAN = "berater|fahrer|mitarbeiter(in)?|techniker|verkäufer(in)?"
_PERSON = re.compile(f"({_ENGLISH}|{_DANISH}|{_DUTCH}|{_GERMAN})( ?(id|name|number|no|e?mail))?")
_BETWEEN = re.compile(r"[\W_]+|(?<=[a-zæøåäöü])(?=[A-Z])")


class People(Data, frozen=True, kw_only=True):
    """What a company has settled about the scores of its employees."""

    dimensions: tuple[Name, ...] = ()
    """Those that name a person, beside the ones that are named like it (``agent``, ``handled_by``, …)."""
    level: int = LEVEL
    """From which level on the organisation's path names people; 0: on none."""
    shown: bool = False
    """Whether a person and their leaders may see that person's scores; otherwise nobody may."""


def names_people(people: People, dimension: str) -> bool:
    """Whether the values of a dimension (as it is written in a segment) are people."""
    name = decoded(dimension)
    return (
        name in people.dimensions or _PERSON.fullmatch(_BETWEEN.sub(" ", name).strip().casefold()) is not None
    )


def is_person(people: People, segment: str) -> bool:
    """Whether a segment stands for one employee."""
    dimension, _, value = segment.partition(":")
    if dimension == ORGANISATION:
        return 0 < people.level <= value.count("/") + 1
    return bool(dimension) and names_people(people, dimension)


def may_see_score(people: People, segment: str, role: str | None, own: Sequence[str]) -> bool:
    """Whether a reader may see how a segment stands, as far as it is a person's. ``role`` is None for a
    program; ``own`` are the segments that somebody is limited to, none is no limit.

    Where the company allows it the person may, whose own segment it is, and a leader of what it lies in.
    """
    if not is_person(people, segment):
        return True
    if not people.shown or role is None:
        return False
    return segment in own or (
        role == "leader" and (not own or any(segment.startswith(f"{above}/") for above in own))
    )
