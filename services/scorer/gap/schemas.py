"""The two scores as the API answers them."""

from typing import Self

from pydantic import BaseModel, Field

from services.scorer.comparisons.domain import Comparison, ComparisonVerdict
from services.scorer.comparisons.labels import too_few_reason
from services.scorer.comparisons.schemas import ComparedSideOut, margin_of, nps_of
from services.scorer.domain import CONFIDENCE, MAX_FALSE_ALARM_SHARE
from services.scorer.gap.domain import TouchpointImpact
from services.scorer.gap.labels import finding_of, no_impact_reason
from services.scorer.gap.reading import ReadGap
from services.scorer.improvements.schemas import DifferenceOut, PeriodOut, difference_of
from services.scorer.schemas import MarginBody


class GapOut(BaseModel):
    """Both scores of a segment, and the first less the second."""

    segment: str | None = Field(description="dimension:value; null for the whole company.")
    transactional: ComparedSideOut
    relational: ComparedSideOut
    difference: DifferenceOut | None = Field(
        description="Transactional less relational, of the scores as they are shown, with the interval and p "
        "of the adjusted two-sample z test. Null with fewer than 30 answers to either question."
    )
    verdict: ComparisonVerdict = Field(
        description="`higher` and `lower` (transactional) are beyond chance: p < 0.05, so that the interval "
        "does not hold zero, and of the parts those that Benjamini and Hochberg accept."
    )
    marked: bool = Field(description="Beyond chance, and of five points at least.")
    reason: str | None = Field(description="Why there is no difference; null where there is one.")

    @classmethod
    def of(cls, compared: Comparison, read: ReadGap) -> Self:
        """As it is answered."""
        return cls(
            segment=compared.asked.segment or None,
            transactional=ComparedSideOut.of(compared.asked, read.today),
            relational=ComparedSideOut.of(compared.against, read.today),
            difference=difference_of(compared.change),
            verdict=compared.verdict,
            marked=compared.is_marked,
            reason=too_few_reason(compared),
        )


class TouchpointOut(BaseModel):
    """A touchpoint, and what it adds to the transactional score."""

    segment: str
    n: int
    nps: float | None = Field(description="From -100 to +100; null below ten answers.")
    margin: MarginBody | None = Field(description="Null below ten answers.")
    impact: float | None = Field(
        description="n(NPS of the touchpoint - NPS)/(N - n): the score less that of all answers of other "
        "touchpoints, in points. Null with fewer than ten of either."
    )
    impact_margin: MarginBody | None = Field(description="By the delta method; null without an impact.")
    reason: str | None = Field(description="Why there is no impact; null where there is one.")

    @classmethod
    def of(cls, found: TouchpointImpact) -> Self:
        """As it is answered."""
        margin = None
        if found.impact is not None and found.reach is not None:
            impact = float(found.impact)
            margin = MarginBody(level=CONFIDENCE, low=impact - found.reach, high=impact + found.reach)
        return cls(
            segment=found.segment,
            n=found.groups.n,
            nps=nps_of(found.groups),
            margin=margin_of(found.groups),
            impact=float(found.impact) if found.impact is not None else None,
            impact_margin=margin,
            reason=no_impact_reason(found),
        )


class GapsOut(BaseModel):
    """After a contact (transactional) against at any time (relational): never pooled."""

    time_zone: str
    period: PeriodOut
    finding: str = Field(description="What the two scores say, in words.")
    total: GapOut
    dimension: str | None = Field(description="Whose values `parts` are; null: there is none.")
    dimensions: list[str] = Field(description="Those that you may choose.")
    tests: int = Field(description="How many differences of parts were tested at once.")
    parts_marked: int = Field(
        description="How many of these parts are marked, those that are left out included."
    )
    false_alarm_share: float = Field(
        description="Of the parts that are called beyond chance, the share that may be expected to be chance "
        "(Benjamini-Hochberg)."
    )
    left_out: int = Field(description="Parts beyond the first thousand, which were tested as well.")
    parts: list[GapOut] = Field(description="Those that are marked first, then by p.")
    touchpoints: list[TouchpointOut] = Field(
        description="Those that add the most to the transactional score, up or down, first."
    )
    touchpoints_left_out: int
    people_hidden: bool = Field(description="Whether single employees are left out.")

    @classmethod
    def of(cls, read: ReadGap) -> Self:
        """As it is answered."""
        return cls(
            time_zone=read.tenant.time_zone,
            period=PeriodOut.of(read.query.window),
            finding=finding_of(read),
            total=GapOut.of(read.total, read),
            dimension=read.dimension or None,
            dimensions=read.dimensions,
            tests=read.tests,
            parts_marked=read.marked,
            false_alarm_share=MAX_FALSE_ALARM_SHARE,
            left_out=read.left_out,
            parts=[GapOut.of(each, read) for each in read.parts],
            touchpoints=[TouchpointOut.of(each) for each in read.touchpoints],
            touchpoints_left_out=read.touchpoints_left_out,
            people_hidden=read.people_hidden,
        )
