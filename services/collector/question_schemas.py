"""The question of a personal link as programs get it: all that is shown, in the customer's language."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from shared.events.nps import Group


class OptionOut(BaseModel):
    """One value that can be chosen."""

    value: str
    words: str
    end: str = Field(default="", description="Of an end of the scale: what it means.")
    group: Group | None = Field(default=None, description="Of a score, to which `groups` refer.")
    opens: bool = Field(default=False, description="Chosen, it lets the question be asked that `is_after`.")


class AskedOut(BaseModel):
    """One question."""

    name: str = Field(description="Of the field to post; of `several_of` it may be posted several times.")
    kind: Literal["score", "text", "one_of", "several_of", "yes_no"]
    words: str
    hint: str
    options: list[OptionOut] = Field(description="In the order in which they stand; none of a text.")
    groups: list[Group] = Field(description="It is asked where the score is of one of these.")
    is_after: bool = Field(description="It is asked only once an option that `opens` it is chosen.")
    given: list[str] = Field(description="The reply so far: the chosen values, or the text.")


class FormWords(BaseModel):
    """The words around the questions."""

    send: str
    saved: str = Field(description="`{score}` stands for the saved score.")
    unsaved: str
    never: str = Field(description="The text of the link to `never_path`.")


class FormOut(BaseModel):
    """The questions, filled in as far as they were answered by this link."""

    occasion: str = Field(description="Who asks, and about what.")
    upright: bool = Field(description="The scale stands in a column with 10 on top, else in a row from 0.")
    questions: list[AskedOut] = Field(description="First the score, which is always asked.")
    words: FormWords
    notes: list[str] = Field(description="For how long the answer can be changed, and who gets it.")
    max_text_length: int
    never_path: str = Field(description="Of the page on which the customer says never to be asked again.")
    trap: str = Field(description="The name of a field that no person sees: post it empty.")
    is_final_when_left: bool = Field(
        description="The survey is anonymous: post `close` when the question is left, else nobody can end it."
    )
    fields: dict[str, str] = Field(
        description="Post them as they are, but `seq`, which rises with each post, and `touched`: `1` once a "
        "person has touched the form, else `0`."
    )


class ThanksOut(BaseModel):
    """What is said once the question was answered."""

    words: str
    lines: list[str]
    change: str | None = Field(description="The text of the button to change the answer; null: it is final.")


class QuestionOut(BaseModel):
    """What a personal link leads to."""

    state: Literal["open", "answered"]
    language: str
    direction: Literal["ltr", "rtl"]
    close: str = Field(description="The name of the button that closes the question.")
    form: FormOut | None = Field(description="Null: nothing can be answered or changed any more.")
    thanks: ThanksOut | None
    changeable_until: datetime | None


class TakenOut(BaseModel):
    """What became of a form that was posted."""

    saved: int | None = Field(description="The score as it stands.")
    conflict: bool = Field(description="Another page wrote something else: only `send` says what.")
    fields: dict[str, str] = Field(description="Those that are to be posted otherwise from now on.")
    question: QuestionOut | None = Field(description="After `send`: what is shown in its place.")
