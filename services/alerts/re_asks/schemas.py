"""The figures as the API answers them."""

from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from services.alerts.re_asks.domain import GroupFigures, ShareDifference, ShareFigure
from services.alerts.re_asks.reading import RecoveryRead

_NULL_OF_FEW = "Null of fewer than ten."


class ShareFigureOut(BaseModel):
    """A share with its 95 % interval (Wilson's)."""

    part: int
    whole: int
    percent: float | None = Field(description=_NULL_OF_FEW)
    low: float | None
    high: float | None

    @classmethod
    def of(cls, share: ShareFigure) -> Self:
        """As it is answered."""
        names = ("part", "whole", "percent", "low", "high")
        return cls(**{name: getattr(share, name) for name in names})


class ShareDifferenceOut(BaseModel):
    """The share of those who were reached less that of the others, in points of a per cent."""

    points: float
    low: float = Field(description="Of the 95 % interval (Newcombe's).")
    high: float
    p: float = Field(description="Of Fisher's exact test, two-sided.")

    @classmethod
    def of(cls, difference: ShareDifference | None) -> Self | None:
        """As it is answered."""
        if difference is None:
            return None
        names = ("points", "low", "high", "p")
        return cls(**{name: getattr(difference, name) for name in names})


class GroupFiguresOut(BaseModel):
    """What customers said who had given 0 to 6 and were asked again."""

    asked: int = Field(description="Whose mail or text has left.")
    answered: int
    response: ShareFigureOut = Field(description="Who answered.")
    better: ShareFigureOut = Field(description="Of the answers, those of 7 to 10.")
    promoters: ShareFigureOut = Field(description="Of the answers, those of 9 or 10.")
    mean_change: float | None = Field(description=f"Points against the first score. {_NULL_OF_FEW}")

    @classmethod
    def of(cls, group: GroupFigures) -> Self:
        """As it is answered."""
        return cls(
            asked=group.counts.asked,
            answered=group.counts.answered,
            response=ShareFigureOut.of(group.response),
            better=ShareFigureOut.of(group.better),
            promoters=ShareFigureOut.of(group.promoters),
            mean_change=group.mean_change,
        )


class RecoveryOut(BaseModel):
    """What customers of cases said when they were asked again. Whoever gave little tends to give more the
    next time, whatever is done (regression to the mean), so compare those who were reached with those who
    were not; and since colleagues choose whom they reach, the difference is no proof that it comes from that.
    """

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to", description="Included, by the clock of the company.")
    reached: GroupFiguresOut = Field(description="Whom somebody had spoken to before they were asked again.")
    outcomes: dict[str, GroupFiguresOut] = Field(
        description="Of these, by how their case had been closed by then, as far as the caller may read it."
    )
    not_reached: GroupFiguresOut = Field(description="The group to compare with: nobody had reached them.")
    better: ShareDifferenceOut | None = Field(description=_NULL_OF_FEW)
    promoters: ShareDifferenceOut | None = Field(description=_NULL_OF_FEW)

    @classmethod
    def of(cls, read: RecoveryRead) -> Self:
        """As it is answered."""
        found = read.figures
        return cls(
            first=read.days.first,
            last=read.days.last,
            reached=GroupFiguresOut.of(found.reached),
            outcomes={str(name): GroupFiguresOut.of(group) for name, group in found.outcomes.items()},
            not_reached=GroupFiguresOut.of(found.not_reached),
            better=ShareDifferenceOut.of(found.better),
            promoters=ShareDifferenceOut.of(found.promoters),
        )
