"""What a person is told, where and when, as the API and the form of the page take it."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, field_validator, model_validator

from services.alerts.calendars.domain import WEEKDAYS
from services.alerts.calendars.schemas import clock, is_clock, minutes_of
from services.alerts.notices.choices import (
    EVERY_DAY,
    MailTime,
    NoticeChoices,
    PersonalQuietHours,
    PushTime,
    TopicChoice,
    Weekday,
)
from services.alerts.notices.topics import NOTICE_TOPICS
from shared.http.request_body import StrictBody
from shared.values.messages import message
from shared.values.zones import zone_names


def _time(text: str) -> str:
    if not is_clock(text):
        raise ValueError(message("Write a time of day such as 08:00."))
    return text


def _day(text: str) -> str:
    if text not in WEEKDAYS:
        raise ValueError(message("Write a day as monday to sunday."))
    return text


def _zone(text: str) -> str:
    if text and text not in zone_names():
        raise ValueError(message("Write a time zone by its name, such as Europe/Copenhagen."))
    return text


ClockTime = Annotated[str, Field(max_length=5, examples=["08:00"]), AfterValidator(_time)]
DayName = Annotated[str, Field(max_length=9, examples=["monday"]), AfterValidator(_day)]
Days = Annotated[list[DayName], Field(max_length=7)]


class TopicBody(StrictBody):
    """When a person is told of a topic, by each channel."""

    mail: MailTime = Field(default="at_once", description="`digest`: once a day, with what waited.")
    push: PushTime = Field(default="at_once", description="To each browser that the person has switched on.")

    def choice(self) -> TopicChoice:
        """The choice that it states."""
        return TopicChoice(mail=self.mail, push=self.push)


class TopicsBody(StrictBody):
    """What there is to be told of; what is left out has its default."""

    cases: TopicBody = Field(default=TopicBody(), description="New cases, and new answers to open ones.")
    deadlines: TopicBody = Field(default=TopicBody(), description="Warnings and escalations.")
    incidents: TopicBody = Field(default=TopicBody(), description="Incidents, and falls of a segment.")
    introductions: TopicBody = Field(
        default=TopicBody(),
        description="Customers to ask for an introduction, and who was not asked in time.",
    )
    weekly: TopicBody = Field(
        default=TopicBody(push="never"), description="The letter on Mondays: in no digest."
    )

    @field_validator("weekly")
    @classmethod
    def _letter(cls, body: TopicBody) -> TopicBody:
        if body.mail == "digest":
            raise ValueError(
                message(
                    "The Monday letter is a mail of its own, in no digest. Give at_once or never for mail."
                )
            )
        return body


class QuietBody(StrictBody):
    """When a person is told of nothing; it is told when these hours end."""

    since: ClockTime = Field(alias="from", examples=["18:00"])
    until: ClockTime = Field(alias="to", description="Not later than `from`: on the next day.")
    days: Days = Field(default=list(WEEKDAYS), description="On which they begin.")
    whole_days: Days = Field(default=[], description="Which are quiet from midnight to midnight.")
    but_escalations: bool = Field(default=False, description="Escalations are told at once all the same.")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.since == self.until:
            raise ValueError(message("The quiet hours must end at another time than they begin."))
        if set(self.whole_days) == set(WEEKDAYS):
            raise ValueError(message("Leave one day at least that is not quiet as a whole."))
        return self

    def quiet(self) -> PersonalQuietHours:
        """The hours that it states."""
        return PersonalQuietHours(
            since=minutes_of(self.since),
            until=minutes_of(self.until),
            days=_numbers(self.days),
            whole_days=_numbers(self.whole_days),
            but_escalations=self.but_escalations,
        )


class NoticesBody(StrictBody):
    """What a person is told, where and when."""

    mail: bool = Field(default=True, description="False: nothing of all this comes by mail.")
    topics: TopicsBody = TopicsBody()
    digest_at: ClockTime = Field(default="08:00", description="When the digest of a day is mailed.")
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="", max_length=64, description="Of these times; left out: the company's."
    )
    quiet: QuietBody | None = Field(default=None, description="Left out: no quiet hours.")

    def choices(self) -> NoticeChoices:
        """The choices that it states."""
        topics = {topic: getattr(self.topics, topic).choice() for topic in NOTICE_TOPICS}
        return NoticeChoices(
            **topics,
            digest_at=minutes_of(self.digest_at),
            time_zone=self.time_zone,
            quiet=self.quiet.quiet() if self.quiet is not None else None,
        )


class DeviceAnswer(BaseModel):
    """A browser that shows a person what they are told."""

    id: UUID
    device: str
    since: datetime
    last_taken_at: datetime | None


class TopicAnswer(BaseModel):
    """When a person is told of a topic, by each channel."""

    mail: MailTime
    push: PushTime


class NoticesAnswer(BaseModel):
    """What a person is told, where and when, and the browsers that show it."""

    person: UUID
    mail: bool
    topics: dict[str, TopicAnswer]
    digest_at: str
    time_zone: str
    quiet: dict[str, str | bool | list[str]] | None
    devices: list[DeviceAnswer]


def topic_answers(choices: NoticeChoices) -> dict[str, TopicAnswer]:
    """The choices by topic, as the API answers them."""
    found = {topic: choices.of(topic) for topic in NOTICE_TOPICS}
    return {topic: TopicAnswer(mail=one.mail, push=one.push) for topic, one in found.items()}


def quiet_answer(quiet: PersonalQuietHours | None) -> dict[str, str | bool | list[str]] | None:
    """Quiet hours as the API answers them, and takes them."""
    if quiet is None:
        return None
    return {
        "from": clock(quiet.since),
        "to": clock(quiet.until),
        "days": [WEEKDAYS[day] for day in quiet.days],
        "whole_days": [WEEKDAYS[day] for day in quiet.whole_days],
        "but_escalations": quiet.but_escalations,
    }


def _numbers(days: list[str]) -> tuple[Weekday, ...]:
    return tuple(number for number in EVERY_DAY if WEEKDAYS[number] in days)
