"""Conditions of a survey: a tree of comparisons, each with one field of an event."""

from collections.abc import Iterator

from shared.events.envelope import Data, Text

ConditionScalar = str | int | float | bool
EVENT_FIELDS = (
    "type",
    "touchpoint",
    "handled_by",
    "customer.country",
    "customer.locale",
    "organisation",
)
"""The fields that every event may have."""
SEGMENT_FIELD = "segments."
"""Before the name of a dimension."""
ATTRIBUTE_FIELD = "attributes."
"""Before the path of a value in the back-end's own object: each dot goes one object deeper."""


class Condition(Data, frozen=True, kw_only=True, omit_defaults=True):
    """All of several conditions, any of several, or one comparison: written as the API writes it.

    The bounds are those of what may be set (the API's); an event is read whatever its values are.
    """

    all: tuple["Condition", ...] | None = None
    any: tuple["Condition", ...] | None = None
    field: Text | None = None
    op: Text | None = None
    value: ConditionScalar | tuple[ConditionScalar, ...] | None = None
    """What the field is compared with; several for ``in``; none for ``exists`` and ``missing``."""

    @property
    def children(self) -> tuple["Condition", ...] | None:
        """The conditions of which all or any must be met; None: this is a comparison."""
        return self.all if self.all is not None else self.any


def comparisons(condition: Condition) -> Iterator[Condition]:
    """The comparisons of a tree, in their order."""
    if condition.children is None:
        yield condition
    for child in condition.children or ():
        yield from comparisons(child)
