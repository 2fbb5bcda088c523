"""How far the shipped themes agree with a reader, as the API answers it."""

from fractions import Fraction
from typing import Self

from pydantic import BaseModel, Field

from services.scorer.themes.domain import ThemeSet
from services.scorer.themes.quality import QUALITY, Agreement
from services.scorer.themes.shipped import SHIPPED, SHIPPED_VERSION


def _rounded(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 3)


class AgreementOut(BaseModel):
    """Of all themes added up (micro-averaged)."""

    labelled: int = Field(description="Themes that the reader saw in sentences.")
    found: int = Field(description="Themes that were found in sentences by their stems.")
    both: int
    precision: float | None = Field(description="both / found; null where nothing was found.")
    recall: float | None = Field(description="both / labelled; null where the reader saw none.")
    f1: float | None = Field(description="The harmonic mean of the two; null where there is neither.")

    @classmethod
    def of(cls, each: Agreement) -> Self:
        """As it is answered."""
        return cls(
            labelled=each.labelled,
            found=each.found,
            both=each.both,
            precision=_rounded(each.precision),
            recall=_rounded(each.recall),
            f1=_rounded(each.f1),
        )


class ThemeAgreementOut(BaseModel):
    """Of one theme."""

    id: str
    agreement: AgreementOut
    kappa: float | None = Field(
        description="Cohen's: 1 for full agreement, 0 for that of chance; null where it is not defined."
    )

    @classmethod
    def of(cls, theme: str, each: Agreement) -> Self:
        """As it is answered."""
        return cls(id=theme, agreement=AgreementOut.of(each), kappa=_rounded(each.kappa))


class QualityOut(BaseModel):
    """How far the themes that we ship agree with one reader, a language model, who labelled 100 sentences of
    English product reviews. They are not comments of your customers, and say nothing of other languages.
    """

    shipped_version: int = Field(description="Of the themes that we ship.")
    is_of_these_themes: bool = Field(description="False: yours are others by now, and were not measured.")
    sentences: int
    sentences_covered: int = Field(description="In which a theme was found by its stems.")
    sentences_labelled: int = Field(description="In which the reader saw a theme.")
    total: AgreementOut
    themes: list[ThemeAgreementOut]

    @classmethod
    def of(cls, themes: ThemeSet) -> Self:
        """As it is answered beside a company's themes."""
        return cls(
            shipped_version=SHIPPED_VERSION,
            is_of_these_themes=themes.themes == SHIPPED.themes,
            sentences=QUALITY.sentences,
            sentences_covered=QUALITY.covered,
            sentences_labelled=QUALITY.labelled,
            total=AgreementOut.of(QUALITY.total),
            themes=[ThemeAgreementOut.of(theme, each) for theme, each in QUALITY.themes.items()],
        )
