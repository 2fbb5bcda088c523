"""The lists beside the inbox: whose cases, and how far they are."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.cases.forms import InboxFilter
from services.alerts.cases.saved_filters import SavedFilter
from shared.pages.language import translated


class ViewLink(msgspec.Struct, frozen=True, kw_only=True):
    """A list that is one step away."""

    href: str
    words: str
    count: int | None
    """How many open cases it has; None: they are not counted."""
    current: bool
    saved: UUID | None = None
    """Of one that the person has saved."""
    act: bool = False
    """Whether something is to be done as soon as it has one."""


def view_links(
    chosen: InboxFilter, counts: Any, saved: Sequence[SavedFilter], *, in_team: bool
) -> list[ViewLink]:
    """The lists that everybody has, that of one's team for who is in one, and what the person has saved.

    :param counts: of the open cases: open, mine, team, nobody, late, paused.
    """
    views: list[tuple[InboxFilter, str, int | None]] = [
        (InboxFilter(), translated("All open"), counts.open),
        (InboxFilter(owner="me"), translated("Mine"), counts.mine),
        *([(InboxFilter(team="mine"), translated("My team’s"), counts.team)] if in_team else []),  # noqa: RUF001
        (InboxFilter(owner="nobody"), translated("Nobody’s"), counts.nobody),  # noqa: RUF001
        (InboxFilter(state="late"), translated("Late"), counts.late),
        (InboxFilter(state="waiting"), translated("Waiting for the customer"), counts.paused),
        (InboxFilter(state="closed"), translated("Closed cases"), None),
        (InboxFilter(state="all", sort="new"), translated("All"), None),
    ]
    own = [(InboxFilter(**one.filter.model_dump()), one) for one in saved]
    shown = next((one for view, one in own if view == chosen), None)
    return [
        ViewLink(
            href=view.address(),
            words=words,
            count=count,
            current=shown is None
            and not chosen.q
            and (view.state, view.owner, view.team) == (chosen.state, chosen.owner, chosen.team),
            act=view.state == "late",
        )
        for view, words, count in views
    ] + [
        ViewLink(href=view.address(), words=one.name, count=None, current=one is shown, saved=one.id)
        for view, one in own
    ]
