"""The responses of ``/v1/answers``."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.events.surveys import Measurement


class ItemFault(BaseModel):
    """One thing that is wrong with an item."""

    field: str = Field(description="A JSON pointer into the item.")
    detail: str = Field(description="What to write instead.")


class ImportItem(BaseModel):
    """What became of one item of an import."""

    id: str | None = Field(description="The sender's id; null when it could not be read.")
    status: Literal["accepted", "refused"]
    errors: list[ItemFault]


class ImportResult(BaseModel):
    """What became of an import: one result for each item, in the order sent."""

    accepted: int
    refused: int
    new: int = Field(description="Of the accepted those that were not known before.")
    results: list[ImportItem]


class ChoiceOut(BaseModel):
    """One chosen value of a reply."""

    id: str = Field(description="Of an option its id, else `yes`, `no`, or the number.")
    words: str = Field(description="As they were shown.")


class ReplyOut(BaseModel):
    """The reply to a further question of the survey."""

    question: str = Field(description="The question's id, the same in all languages and versions.")
    kind: Literal["text", "one_of", "several_of", "yes_no", "score"]
    asked: str = Field(description="The question as it was asked, in the answer's language.")
    text: str | None
    chosen: list[ChoiceOut]


AnswerOrigin = Literal["survey", "import", "link"]


class AnswerOut(BaseModel):
    """An answer as it stands."""

    id: UUID
    version: int
    state: Literal["saved", "sent"]
    origin: AnswerOrigin
    test: bool = Field(description="A test: it never counts.")
    score: int = Field(json_schema_extra={"minimum": 0, "maximum": 10})
    comment: str | None
    follow_up_question: str | None
    follow_up: str | None
    replies: list[ReplyOut] = Field(
        description="To the survey's `questions`; the follow-up is not among them."
    )
    may_contact: bool | None = Field(description="Null: the customer did not say.")
    customer_id: str | None = Field(description="Null for anonymous answers, and to analysts.")
    survey_id: UUID | None
    survey_version: int | None
    event_id: UUID | None
    measurement: Measurement = Field(description="`recovery` counts in no NPS.")
    touchpoint: str | None
    segments: dict[str, str]
    organisation: list[str]
    language: str | None
    layout: Literal["horizontal", "vertical"] | None = Field(
        description="How the numbers stood: in a row from 0, or in a column with 10 on top. Null: not known."
    )
    channel: str | None = Field(
        description="By which the question came: `mail`; `link`, shown by you; `share`, an open link; "
        "`import`: asked elsewhere. Null: not known."
    )
    drawn_percent: int | None = Field(
        description="Of how many percent of the contacts of its segment the customer was one, by the "
        "survey's draw. Null: no draw, or not known."
    )
    beyond_draw: bool = Field(
        description="The customer was not drawn, and asked since their last answer was 0 to 6: it counts in "
        "no score."
    )
    seconds_to_score: int | None = Field(
        description="From the first visit of the link to the first score. Null: not known, or a machine "
        "followed the link."
    )
    day: date = Field(description="The day it counts for, in the tenant's time zone.")
    invited_at: datetime | None
    answered_at: datetime = Field(description="When the first score was accepted.")
    changed_at: datetime
    suspect: bool = Field(
        description="It may be a machine's. It counts in no score, opens no case and ends no reminder until "
        "somebody judges it a person's, or a person answers by the same link."
    )
    signs: list[Literal["honeypot", "agent", "untouched", "early", "fast"]] = Field(
        description="What speaks for a machine: a field that nobody sees was filled in; it came from a "
        "program that calls itself a scanner; the page's script saw no key or pointer; it came within five "
        "seconds after the mail server took the mail; it came at once after the page was opened."
    )
    judgement: Literal["human", "machine"] | None = Field(
        description="Whose a person has said that it is. Null: not judged."
    )
    visits: Literal["human", "suspect", "bot"] | None = Field(
        description="Whose the visits of the link before the answer were: `bot` has a `flag`; `suspect` came "
        "less than five seconds after the mail server took the mail. Null: none are kept."
    )
    flag: Literal["scores", "agent", "honeypot"] | None = Field(
        description="Before the answer a machine followed the link. The answer itself came from the page."
    )


class JudgementBody(BaseModel):
    """Whose a suspect answer is."""

    judgement: Literal["human", "machine"] = Field(
        description="`human`: it counts, on its own day; `machine`: it is left out. Each undoes the other."
    )


class JudgedAnswer(BaseModel):
    """A suspect answer that was judged."""

    id: UUID
    version: int
    suspect: bool = Field(description="Whether it is left out.")
    judgement: Literal["human", "machine"]


class AnswerPage(BaseModel):
    """Answers, the oldest first."""

    answers: list[AnswerOut]
    next: str | None = Field(description="Send it as `after` to go on; null: there are no more now.")
