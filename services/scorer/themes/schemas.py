"""Themes as the API takes and answers them."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, Field

from services.scorer.themes.domain import Theme, ThemeFault, ThemeLanguage, ThemeSet
from services.scorer.themes.labels import kept_name, theme_name
from services.scorer.themes.quality_schemas import QualityOut
from services.scorer.themes.stems import written_stem
from services.scorer.windows import DEFAULT_WINDOW_DAYS
from shared.events.surveys import NpsMeasurement
from shared.http.numbers import MAX_INTEGER
from shared.http.request_body import StrictBody
from shared.http.validation_errors import FieldFault
from shared.values.json_pointers import pointer

MAX_TRIAL_DAYS = 365
_Text = Annotated[str, Field(max_length=1_000)]


class ThemeBody(StrictBody):
    """One theme."""

    id: _Text = Field(examples=["delivery"], description="Of your own, or of a theme that we ship; it stays.")
    name: _Text = Field(default="", description="Left out for a theme that we ship: ours, by language.")
    stems: dict[ThemeLanguage, list[_Text]] = Field(
        default={},
        examples=[{"en": ["parcel*", "*deliver*", "-parcel shelf"]}],
        description="By the language of the comments. A star at the beginning or the end stands for any "
        "letters; without one a word begins or ends there. A minus before it names words in which the theme "
        "is not meant. No expressions.",
    )
    cause: _Text | None = Field(
        default=None,
        examples=["delivery.late"],
        description="A cause with which cases are closed, or the first part of one.",
    )

    def theme(self) -> Theme:
        """The theme, each stem once; its faults are found later."""
        stems: dict[str, tuple[str, ...]] = {
            language: tuple(dict.fromkeys(map(written_stem, written)))
            for language, written in sorted(self.stems.items())
            if written
        }
        return Theme(id=self.id, name=kept_name(self.id, self.name), stems=stems, cause=self.cause)


class ThemesBody(StrictBody):
    """All themes of a company."""

    version: int = Field(ge=0, le=MAX_INTEGER, description="Of the themes as they were read.")
    themes: list[ThemeBody]

    def draft(self) -> tuple[Theme, ...]:
        """The themes that it asks for."""
        return tuple(each.theme() for each in self.themes)


class TrialBody(StrictBody):
    """A draft of themes, and the comments on which it is tried."""

    themes: list[ThemeBody]
    days: int = Field(default=DEFAULT_WINDOW_DAYS, ge=1, le=MAX_TRIAL_DAYS, description="Up to today.")
    segment: str = Field(default="", description="dimension:value; left out: the whole company.")
    measurement: NpsMeasurement = "transactional"

    def draft(self) -> tuple[Theme, ...]:
        """The themes that it asks for."""
        return tuple(each.theme() for each in self.themes)


class KnownThemeOut(BaseModel):
    """One theme."""

    id: str
    name: str
    stems: dict[str, list[str]]
    cause: str | None

    @classmethod
    def of(cls, theme: Theme) -> Self:
        """As it is answered."""
        stems = {language: list(stems) for language, stems in theme.stems.items()}
        return cls(id=theme.id, name=theme_name(theme), stems=stems, cause=theme.cause)


class ThemesOut(BaseModel):
    """The themes of a company."""

    version: int = Field(description="Send it back with a change.")
    themes: list[KnownThemeOut]
    quality: QualityOut

    @classmethod
    def of(cls, themes: ThemeSet) -> Self:
        """As it is answered."""
        return cls(
            version=themes.version,
            themes=[KnownThemeOut.of(theme) for theme in themes.themes],
            quality=QualityOut.of(themes),
        )


def field_faults(faults: Sequence[ThemeFault]) -> list[FieldFault]:
    """What is wrong with a draft, by the place in the body."""
    return [FieldFault(field=pointer("themes", *fault.path), detail=fault.remedy) for fault in faults]
