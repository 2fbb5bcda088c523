"""What the page of themes shows of those that were opened by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.scorer.themes.domain import ThemeSet
from services.scorer.themes.found_repository import FoundTheme
from services.scorer.themes.labels import theme_name
from services.scorer.themes.stems import ANY_LETTERS
from shared.pages.language import native_name, translated


@dataclass(frozen=True, kw_only=True)
class TypedFound:
    """What somebody typed at a theme that was opened by itself, and what is wrong with it."""

    theme: str
    act: str
    name: str
    into: str
    fault: str


@dataclass(frozen=True, kw_only=True)
class ProposalView:
    """A theme that was opened by itself, and about which nobody has decided."""

    id: str
    name: str
    """As it is kept."""
    typed: str
    """In the field of its name."""
    into: str
    """In the field of the theme into which it is merged."""
    name_fault: str
    into_fault: str
    words: str
    """The ones that opened it."""
    language: str
    """In its own name."""
    lang: str
    is_new: bool
    options: list[tuple[str, str]]
    """The themes into which it could be merged."""


@dataclass(frozen=True, kw_only=True)
class ProposalsView:
    """All of them, the newest first."""

    is_on: bool
    """Whether themes are opened by themselves."""
    finding: str
    themes: list[ProposalView]
    faults: list[tuple[str, str]]


def proposals_view(
    themes: ThemeSet, found: Sequence[FoundTheme], typed: TypedFound | None, *, is_on: bool
) -> ProposalsView:
    """The themes of a company that were opened by themselves.

    :param found: the oldest first.
    """
    waiting = [each for each in found if each.state == "proposed" and each.theme in themes.found]
    views = [_view(each, themes, typed) for each in reversed(waiting)]
    faults = [(f"name-{each.id}", each.name_fault) for each in views if each.name_fault]
    faults += [(f"into-{each.id}", each.into_fault) for each in views if each.into_fault]
    return ProposalsView(is_on=is_on, finding=_finding(views, is_on=is_on), themes=views, faults=faults)


def _finding(views: Sequence[ProposalView], *, is_on: bool) -> str:
    if views:
        return translated("Customers write about something that no theme had words for.")
    if is_on:
        return translated("Nothing new that ten customers write about.")
    return translated("No theme is opened by itself.")


def _view(found: FoundTheme, themes: ThemeSet, typed: TypedFound | None) -> ProposalView:
    names = {theme.id: theme_name(theme) for theme in themes.themes}
    name = names.pop(found.theme)
    own = typed if typed is not None and typed.theme == found.theme else None
    fault = own.fault if own is not None else ""
    is_merge = own is not None and own.act == "merge"
    return ProposalView(
        id=found.theme,
        name=name,
        typed=own.name if own is not None and own.name else name,
        into=own.into if own is not None else "",
        name_fault="" if is_merge else fault,
        into_fault=fault if is_merge else "",
        words=found.stem.rstrip(ANY_LETTERS),
        language=native_name(found.language),
        lang=found.language,
        is_new=found.theme in themes.new,
        options=[("", translated("Choose")), *names.items()],
    )
