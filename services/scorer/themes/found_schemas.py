"""Themes that were opened by themselves, as the API takes and answers them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from services.scorer.themes.domain import ThemeSet
from services.scorer.themes.found_commands import FoundAct, FoundDecision
from services.scorer.themes.found_repository import FoundState, FoundTheme
from services.scorer.themes.labels import theme_name
from shared.http.request_body import StrictBody

_Text = Annotated[str, Field(max_length=1_000)]


class FindingBody(StrictBody):
    """Whether themes are opened by themselves."""

    on: bool


class FoundDecisionBody(StrictBody):
    """What becomes of a theme that was opened by itself."""

    act: FoundAct
    name: _Text = Field(default="", description="Of one that you keep; left out: as it is.")
    into: _Text = Field(default="", description="Of one that you merge: the id of the other theme.")

    def decision(self) -> FoundDecision:
        """What it asks for."""
        return FoundDecision(self.act, self.name, self.into)


class FoundThemeOut(BaseModel):
    """A theme that was opened by itself, and what became of it."""

    id: str
    name: str | None = Field(description="Null: it is no theme any more.")
    state: FoundState = Field(description="proposed: nobody has decided yet; it counts like any theme.")
    new: bool = Field(description="It was opened in the last 14 days, and was not dropped.")
    language: str
    stem: str = Field(description="The words that opened it. They never open a theme again.")
    customers: int = Field(description="Who shared them then, in comments that named no theme.")
    found_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, found: FoundTheme, themes: ThemeSet) -> Self:
        """As it is answered; one that was left out when the themes were saved was dropped."""
        names = {theme.id: theme_name(theme) for theme in themes.themes}
        gone = found.state == "proposed" and found.theme not in names
        return cls(
            id=found.theme,
            name=names.get(found.theme),
            state="dropped" if gone else found.state,
            new=found.theme in themes.new,
            language=found.language,
            stem=found.stem,
            customers=found.customers,
            found_at=found.found_at,
            decided_at=found.decided_at,
        )


class FindingOut(BaseModel):
    """Whether themes are opened by themselves, and those that ever were."""

    on: bool
    themes: list[FoundThemeOut] = Field(description="The oldest first.")

    @classmethod
    def of(cls, is_on: bool, found: Sequence[FoundTheme], themes: ThemeSet) -> Self:
        """As it is answered."""
        return cls(on=is_on, themes=[FoundThemeOut.of(each, themes) for each in found])
