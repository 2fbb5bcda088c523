"""The figures as the API answers them."""

from datetime import date
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.alerts.team_figures.domain import POLICY, Figures, FiguresOf, Spread, share
from services.alerts.team_figures.reading import FiguresRead

_NULL_OF_FEW = "Null of fewer than ten."


class SpreadOut(BaseModel):
    """How long something took, from the opening of each case on."""

    n: int = Field(description="Of so many cases.")
    median_hours: float | None = Field(description=_NULL_OF_FEW)
    p90_hours: float | None = Field(description=f"Nine of ten took no longer. {_NULL_OF_FEW}")

    @classmethod
    def of(cls, spread: Spread) -> Self:
        """As it is answered."""
        return cls(n=spread.n, median_hours=spread.median_hours, p90_hours=spread.p90_hours)


class FiguresOut(BaseModel):
    """What is counted of some cases."""

    cases: int = Field(description="That were opened on these days.")
    due: int = Field(
        description="Whose first contact was made, or was due and is not made. There is none where the "
        "customer refused it or is not known, and none of a case that was closed before it was due."
    )
    in_time: int = Field(description="Of these, whose first contact was made in time.")
    in_time_percent: float | None = Field(description=_NULL_OF_FEW)
    contactable: int = Field(description="Whose customer could be contacted.")
    contacted: int = Field(description="Of these, whose customer was reached.")
    contacted_percent: float | None = Field(description=_NULL_OF_FEW)
    ended: int = Field(description="That were closed at least once; merged ones are not.")
    reopened: int = Field(description="Of these, that were opened again.")
    reopened_percent: float | None = Field(description=_NULL_OF_FEW)
    closed: int = Field(
        description="That are closed, as far as the caller may read how: without those that were merged."
    )
    with_cause: int = Field(description="Of these, that have a cause.")
    with_cause_percent: float | None = Field(description=_NULL_OF_FEW)
    recovered_percent: float | None = Field(description=f"Of the closed ones. {_NULL_OF_FEW}")
    outcomes: dict[str, int] = Field(description="How they ended; `duplicate` are those that were merged.")
    time_to_contact: SpreadOut = Field(description="Around the clock, waiting included.")
    time_to_contact_working: SpreadOut = Field(
        description="In the hours of the calendar of its team as it is now, of cases whose team has one."
    )
    time_to_close: SpreadOut = Field(description="Until it was last closed, waiting included.")
    time_to_close_working: SpreadOut = Field(description="The same in the hours of the calendar of its team.")

    @classmethod
    def fields_of(cls, figures: Figures) -> dict[str, object]:
        """The fields by name."""
        outcomes = {str(outcome): n for outcome, n in figures.outcomes.items()}
        return {
            "cases": figures.cases,
            "due": figures.due,
            "in_time": figures.in_time,
            "in_time_percent": share(POLICY, figures.in_time, figures.due),
            "contactable": figures.contactable,
            "contacted": figures.contacted,
            "contacted_percent": share(POLICY, figures.contacted, figures.contactable),
            "ended": figures.ended,
            "reopened": figures.reopened,
            "reopened_percent": share(POLICY, figures.reopened, figures.ended),
            "closed": figures.closed,
            "with_cause": figures.with_cause,
            "with_cause_percent": share(POLICY, figures.with_cause, figures.closed),
            "recovered_percent": share(POLICY, outcomes["recovered"], figures.closed),
            "outcomes": outcomes,
            "time_to_contact": SpreadOut.of(figures.to_contact),
            "time_to_contact_working": SpreadOut.of(figures.to_contact_working),
            "time_to_close": SpreadOut.of(figures.to_close),
            "time_to_close_working": SpreadOut.of(figures.to_close_working),
        }


class NamedFiguresOut(FiguresOut):
    """The figures of a team or of a person."""

    id: UUID | None = Field(description="Null: the cases of no team, or of nobody.")
    name: str = Field(description="Empty: of no team or nobody, or it is there no more.")

    @classmethod
    def of(cls, one: FiguresOf, names: dict[UUID, str]) -> Self:
        """As it is answered."""
        name = names.get(one.id, "") if one.id is not None else ""
        return cls.model_validate({"id": one.id, "name": name, **cls.fields_of(one.figures)})


class CauseOut(BaseModel):
    """A cause of closed cases."""

    cause: str
    n: int
    percent: float | None = Field(description=f"Of the closed ones that have a cause. {_NULL_OF_FEW}")


class TeamFiguresOut(BaseModel):
    """How the work on the cases goes that were opened on some days."""

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to", description="Included, by the clock of the company.")
    total: FiguresOut
    teams: list[NamedFiguresOut] = Field(description="For administrators, leaders and keys.")
    people: list[NamedFiguresOut] = Field(description="Of whoever has a case, or had it when it was closed.")
    causes: list[CauseOut] = Field(description="The most frequent first.")

    @classmethod
    def of(cls, read: FiguresRead) -> Self:
        """As it is answered."""
        found = read.figures
        return cls(
            first=read.days.first,
            last=read.days.last,
            total=FiguresOut.model_validate(FiguresOut.fields_of(found.total)),
            teams=[NamedFiguresOut.of(one, read.team_names) for one in found.teams],
            people=[NamedFiguresOut.of(one, read.people_names) for one in found.people],
            causes=[
                CauseOut(cause=cause, n=n, percent=share(POLICY, n, found.total.with_cause))
                for cause, n in found.causes
            ],
        )
