"""What the pages of saved views show, in the reader's language."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import ClassVar, NamedTuple
from uuid import UUID

from services.scorer.saved_views import labels, mail_labels
from services.scorer.saved_views.domain import SCREEN_DAYS_OFFERED, SavedView, Screen
from services.scorer.saved_views.forms import EMPTY_SCREEN, EMPTY_VIEW
from services.scorer.saved_views.reading import CompanyScreen, ViewReader
from shared.pages.language import counted, translated
from shared.pages.page import Page
from shared.privacy.view_mails import ViewMailHistory


class SavedViewLine(NamedTuple):
    """A saved view in a list."""

    id: UUID
    name: str
    address: str
    page: str
    """Which page it opens."""
    shared: bool


class ScreenLine(NamedTuple):
    """A screen in a list."""

    id: UUID
    view_id: UUID
    view_name: str
    screen: Screen


@dataclass(frozen=True, kw_only=True)
class SavedViewsPage(Page):
    """All saved views that the reader finds."""

    template: ClassVar[str] = "saved_views.html"

    labels: ModuleType = labels
    now: datetime
    heading: str
    own: Sequence[SavedViewLine]
    others: Sequence[SavedViewLine]
    screens: Sequence[ScreenLine]
    """Of the whole company, for its administrators."""
    new_id: str
    form: Mapping[str, str]
    faults: Mapping[str, str]
    confirmation: str


@dataclass(frozen=True, kw_only=True)
class SavedViewPage(Page):
    """One saved view, with its screens."""

    template: ClassVar[str] = "saved_view.html"

    labels: ModuleType = labels
    mail_labels: ModuleType = mail_labels
    now: datetime
    line: SavedViewLine
    owns: bool
    may_remove: bool
    may_make_screens: bool
    """Whether the reader's role makes screens, and the view is theirs."""
    has_scores: bool
    """Whether it is a view of scores, which a screen and a mail can show."""
    mailed: bool
    """Whether the reader gets it every Monday."""
    mailed_since: datetime | None
    history: ViewMailHistory | None
    """Of its mails; None: it is not known."""
    screens: Sequence[ScreenLine]
    days_options: list[tuple[str, str]]
    new_id: str
    form: Mapping[str, str]
    screen_form: Mapping[str, str]
    faults: Mapping[str, str]
    screen_faults: Mapping[str, str]
    made: str
    """The address of a screen that was just made: it is shown this once. Empty: none was."""
    confirmation: str


@dataclass(frozen=True, kw_only=True)
class TypedForms:
    """What was typed into the forms of a page, and what is wrong with it."""

    view: Mapping[str, str] = field(default_factory=dict)
    screen: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    screen_faults: Mapping[str, str] = field(default_factory=dict)


def line_of(view: SavedView) -> SavedViewLine:
    """A row of the list."""
    return SavedViewLine(view.id, view.name, view.address, labels.page_name(view.address), view.shared)


def screen_line(screen: Screen, view: SavedView) -> ScreenLine:
    """A row of the list of screens."""
    return ScreenLine(screen.id, view.id, view.name, screen)


def views_page(
    reader: ViewReader,
    found: Sequence[SavedView],
    screens: Iterable[CompanyScreen],
    now: datetime,
    typed: TypedForms,
    *,
    new_id: str,
    confirmation: str,
) -> SavedViewsPage:
    """The list, and the form below it."""
    own = [line_of(view) for view in found if reader.owns(view)]
    return SavedViewsPage(
        now=now,
        heading=_heading(len(own)),
        own=own,
        others=[line_of(view) for view in found if not reader.owns(view)],
        screens=[screen_line(each.screen, each.view) for each in screens],
        new_id=new_id,
        form={**EMPTY_VIEW, **typed.view},
        faults=typed.faults,
        confirmation=confirmation,
    )


def view_page(
    reader: ViewReader,
    view: SavedView,
    screens: Iterable[Screen],
    now: datetime,
    typed: TypedForms,
    *,
    has_scores: bool,
    mailed_since: datetime | None,
    history: ViewMailHistory | None,
    new_id: str,
    made: str,
    confirmation: str,
) -> SavedViewPage:
    """One view, with its forms.

    :param mailed_since: since when the reader gets it every Monday; None: they do not.
    :param history: of its mails; None: it is not known.
    """
    return SavedViewPage(
        now=now,
        line=line_of(view),
        owns=reader.owns(view),
        may_remove=reader.may_remove(view),
        may_make_screens=reader.may_make_screens(view),
        has_scores=has_scores,
        mailed=mailed_since is not None,
        mailed_since=mailed_since,
        history=history,
        screens=[screen_line(screen, view) for screen in screens],
        days_options=[(str(days), labels.days_offered(days)) for days in SCREEN_DAYS_OFFERED],
        new_id=new_id,
        form={
            "name": view.name,
            "address": view.address,
            "shared": "on" if view.shared else "",
            **typed.view,
        },
        screen_form={**EMPTY_SCREEN, **typed.screen},
        faults=typed.faults,
        screen_faults=typed.screen_faults,
        made=made,
        confirmation=confirmation,
    )


def _heading(own: int) -> str:
    if not own:
        return translated("You have saved no view yet.")
    return counted("You have saved %(num)s view.", "You have saved %(num)s views.", own) % {"num": own}
