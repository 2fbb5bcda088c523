"""Bodies and answers of ``/v1/share-links``."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.collector.sharing import ShareLink, group_sizes
from shared.events.segments import BadSegment, clean_segments, too_long
from shared.values.messages import message
from shared.values.text import normalized_text

MAX_LIMIT = 1_000_000
MAX_NAME_LENGTH = 100


def _name(given: str) -> str:
    if not (name := normalized_text(given)):
        raise ValueError(message("Is blank. Fill it."))
    return name


def _segments(given: dict[str, str]) -> dict[str, str]:
    try:
        found = clean_segments(dict(given))
    except BadSegment as bad:
        raise ValueError(bad.remedy) from None
    if too_long(_Segments(found)) is not None:
        raise ValueError(message("A segment is too long. Use a short code instead of a text."))
    return found


class _Segments:
    organisation: tuple[str, ...] = ()

    def __init__(self, segments: dict[str, str]) -> None:
        self.segments = segments


Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH), AfterValidator(_name)]
Segments = Annotated[dict[str, str], AfterValidator(_segments)]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
_PER_DAY = Field(
    default=None, description="Answers that it takes a day, by the company's clock. Null: any number."
)
_IN_ALL = Field(default=None, description="Answers that it takes in all. Null: any number.")
_DEVICE = "A browser that has answered is shown its thanks. False: for a device that many people use."


class ShareLinkBody(BaseModel):
    """A new share link."""

    model_config = ConfigDict(extra="forbid")
    survey_id: UUID = Field(description="A live survey.")
    name: Name = Field(description="Of the place, for you.")
    segments: Segments = Field(default={}, description="That its answers have, such as `store`.")
    per_day: Limit | None = _PER_DAY
    in_all: Limit | None = _IN_ALL
    one_per_device: bool = Field(default=True, description=_DEVICE)


class ShareLinkChange(BaseModel):
    """What is to change of a share link; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    state: Literal["live", "paused", "ended"] | None = Field(
        default=None, description="`ended` is for ever; `paused` shows that the link does not answer now."
    )
    per_day: Limit | None = _PER_DAY
    in_all: Limit | None = _IN_ALL
    one_per_device: bool | None = Field(default=None, description=_DEVICE)


class ShareLinkOut(BaseModel):
    """A share link. Its answers count in no score: whoever has the link may answer."""

    id: UUID
    survey_id: UUID
    name: str
    url: str
    segments: dict[str, str]
    state: Literal["live", "paused", "ended"]
    per_day: int | None
    in_all: int | None
    one_per_device: bool
    answers: int
    promoters: int
    passives: int
    detractors: int
    version: int
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, link: ShareLink, public_url: str) -> "ShareLinkOut":
        """A link as it is kept."""
        sizes = group_sizes(link.scores)
        return cls(
            id=link.id,
            survey_id=link.survey_id,
            name=link.name,
            url=share_url(link, public_url),
            segments=link.segments,
            state=link.state,
            per_day=link.per_day,
            in_all=link.in_all,
            one_per_device=link.one_per_device,
            answers=link.answers,
            promoters=sizes["promoter"],
            passives=sizes["passive"],
            detractors=sizes["detractor"],
            version=link.version,
            created_at=link.created_at,
            changed_at=link.changed_at,
        )


class ShareLinkList(BaseModel):
    """Share links, the newest first."""

    share_links: list[ShareLinkOut]
    next: str | None = Field(description="Give it as `after` to get the next page.")


def share_url(link: ShareLink, public_url: str) -> str:
    """The address of its page."""
    return f"{public_url.rstrip('/')}/q/{link.code}"
