"""Where people are signed in, and by what, as the API answers it: never a token, a key or a code."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from shared.http.request_body import StrictBody

COMPANY_ASKS = Field(description="Whether the company asks everybody for a second factor.")


class SessionOut(BaseModel):
    """One browser in which somebody is signed in."""

    id: UUID
    device: Annotated[
        str,
        Field(
            description="Browser and system in a few words; empty: unknown.", examples=["Firefox on Windows"]
        ),
    ]
    by_provider: Annotated[bool, Field(description="Whether the identity provider let them in.")]
    created_at: datetime
    seen_at: Annotated[datetime | None, Field(description="When it last did something, to five minutes.")]
    expires_at: datetime
    here: Annotated[bool, Field(description="Whether it is the one that asks.")]

    @classmethod
    def of(cls, session: Any, own: UUID | None) -> Self:
        """A session as the API answers it; ``own`` is the one that asks."""
        return cls(
            id=session.id,
            device=session.device,
            by_provider=session.by_provider,
            created_at=session.created_at,
            seen_at=session.seen_at,
            expires_at=session.expires_at,
            here=session.id == own,
        )


class SessionList(BaseModel):
    """Where somebody is signed in, the newest first."""

    sessions: Sequence[SessionOut]


class SecondFactorOut(BaseModel):
    """Whether somebody has a second factor."""

    on: bool
    since: Annotated[datetime | None, Field(description="When its first code was given; null: it is off.")]
    recovery_codes_left: Annotated[int, Field(description="Of ten; each signs in once.", examples=[9])]
    required: Annotated[bool, COMPANY_ASKS]

    @classmethod
    def of(cls, factor: Any | None, *, codes: int, required: bool) -> Self:
        """What there is of a factor; one that was only begun is off."""
        since = factor.confirmed_at if factor is not None else None
        return cls(on=since is not None, since=since, recovery_codes_left=codes, required=required)


class SignInRulesBody(StrictBody):
    """What a company asks of everybody who signs in with a password."""

    second_factor_required: Annotated[bool, COMPANY_ASKS]


class SignInRulesOut(BaseModel):
    """What a company asks of everybody, and how many have it."""

    second_factor_required: Annotated[bool, COMPANY_ASKS]
    people: Annotated[int, Field(description="Who may sign in.", examples=[12])]
    people_with_second_factor: Annotated[int, Field(description="How many of them have one.", examples=[9])]
