"""Huddles and promises as the API takes and answers them."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.alerts.huddles.domain import HuddleWeek, TeamPromise
from services.alerts.huddles.reading import Huddle
from shared.http.request_body import StrictBody

MOST_TEXT_CHARS = 1_000
"""Of what is sent; what is kept is shorter, and the refusal says so."""


class PromiseBody(StrictBody):
    """What somebody of a team promises."""

    week: Annotated[str, Field(max_length=8)] = Field(
        default="", description="2026-W48; left out: this week."
    )
    text: Annotated[str, Field(max_length=MOST_TEXT_CHARS)] = Field(
        description="At most 200 characters. Name no customer."
    )
    person: Annotated[UUID, Field(strict=False)] = Field(description="Whose promise it is.")
    until: Annotated[date, Field(strict=False)] = Field(description="The day by which it is to be kept.")
    kept: bool = Field(default=False, description="Whether it was.")


class PromiseOut(BaseModel):
    """A promise of a team."""

    id: UUID
    week: str
    text: str
    person: UUID
    until: date
    made_at: datetime
    kept_at: datetime | None = Field(description="Null: it is not kept yet.")

    @classmethod
    def of(cls, promise: TeamPromise) -> Self:
        """As it is answered."""
        return cls(
            id=promise.id,
            week=HuddleWeek(promise.week).name,
            text=promise.text,
            person=promise.person_id,
            until=promise.due,
            made_at=promise.made_at,
            kept_at=promise.done_at,
        )


class CommentOut(BaseModel):
    """What a customer wrote, without names, addresses, numbers and links."""

    score: int
    text: str


class WinOut(BaseModel):
    """A case that was recovered in the week, or else a promoter's comment, as `comments` are told."""

    case: UUID | None
    number: int | None = Field(description="Of the case.")
    score: int
    text: str = Field(description="What we did, or what the customer wrote; without names.")


class OverdueOut(BaseModel):
    """An open case whose next deadline has passed."""

    case: UUID
    number: int
    due_at: datetime
    owner_name: str | None


class ThemeOut(BaseModel):
    """The most frequent cause of the cases that the team closed in the week."""

    cause: str
    n: int
    before: int = Field(description="How many had it that were closed in the week before.")


class HuddleOut(BaseModel):
    """What a team speaks of in a week."""

    team: UUID
    name: str
    week: str
    comments: list[CommentOut] = Field(description="None for a key without the scope `answers:read`.")
    win: WinOut | None
    overdue: list[OverdueOut] = Field(description="Those that are overdue longest, now.")
    overdue_in_all: int
    theme: ThemeOut | None
    promised_before: list[PromiseOut] = Field(description="In the week before.")
    promised: list[PromiseOut]

    @classmethod
    def of(cls, huddle: Huddle, *, with_comments: bool) -> Self:
        """As it is answered.

        :param with_comments: whether the reader may read answers that have no case, too.
        """
        win, theme = huddle.win, huddle.theme
        if win is not None and win.case_id is None and not with_comments:
            win = None
        comments = huddle.comments if with_comments else []
        return cls(
            team=huddle.team_id,
            name=huddle.team.name,
            week=huddle.week.name,
            comments=[CommentOut(score=one.score, text=one.text) for one in comments],
            win=WinOut(case=win.case_id, number=win.number, score=win.score, text=win.text)
            if win is not None
            else None,
            overdue=[
                OverdueOut(case=one.id, number=one.number, due_at=one.due_at, owner_name=one.owner)
                for one in huddle.overdue
            ],
            overdue_in_all=huddle.overdue_in_all,
            theme=ThemeOut(cause=theme.cause, n=theme.n, before=theme.before) if theme is not None else None,
            promised_before=[PromiseOut.of(one) for one in huddle.promised_before],
            promised=[PromiseOut.of(one) for one in huddle.promised],
        )
