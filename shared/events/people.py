"""Which segments are single employees, and who may see their scores."""

import re
from collections.abc import Sequence

from shared.events.envelope import Data, Name
from shared.events.segments import ORGANISATION, decoded

DEFAULT_PERSON_LEVEL = 3
"""A path is department, function, person: so its third level is people, unless a company sets another."""
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
    """A company's settings for the scores of its employees."""

    dimensions: tuple[Name, ...] = ()
    """Dimensions whose values are people, besides those whose name says so (``agent``, ``handled_by``, …)."""
    level: int = DEFAULT_PERSON_LEVEL
    """The level of the organisation's path from which on it names people; 0: none."""
    shown: bool = False
    """Whether people and their leaders may see the score of a person; otherwise nobody may."""


def names_people(people: People, dimension: str) -> bool:
    """Whether the values of a dimension, encoded as in a segment, are people."""
    name = decoded(dimension)
    return (
        name in people.dimensions or _PERSON.fullmatch(_BETWEEN.sub(" ", name).strip().casefold()) is not None
    )


def is_person(people: People, segment: str) -> bool:
    """Whether a segment is one employee."""
    dimension, _, value = segment.partition(":")
    if dimension == ORGANISATION:
        return 0 < people.level <= value.count("/") + 1
    return bool(dimension) and names_people(people, dimension)


def may_see_score(people: People, segment: str, role: str | None, own: Sequence[str]) -> bool:
    """Whether a user may see the score of a segment, as far as the segment is a person.

    Where the company permits it, the person whose own segment it is may, and a leader of a segment above it.

    :param role: None for an API key.
    :param own: the segments that the user is limited to; empty: not limited.
    """
    if not is_person(people, segment):
        return True
    if not people.shown or role is None:
        return False
    return segment in own or (
        role == "leader" and (not own or any(segment.startswith(f"{above}/") for above in own))
    )
