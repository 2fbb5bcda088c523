"""What the page of what one is told shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from services.alerts.notices.choices import NoticeChoices
from services.alerts.notices.labels import TOPIC_SENTENCES
from services.alerts.notices.topics import NOTICE_TOPICS, NoticeTopic
from shared.pages.language import counted, spoken, translated
from shared.pages.page import Page


@dataclass(frozen=True, kw_only=True)
class TopicLine:
    """A topic with its words on the form."""

    name: NoticeTopic
    label: str
    what: str
    mail_times: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class BrowserLine:
    """A browser that shows its person what they are told."""

    id: UUID
    device: str
    since: datetime
    taken_at: datetime | None
    here: bool
    """Whether it was switched on in the session of this page."""


@dataclass(frozen=True, kw_only=True)
class NoticesPage(Page):
    """What the reader is told, where and when."""

    template: ClassVar[str] = "notices.html"
    finding: str
    topics: list[TopicLine]
    push_times: list[tuple[str, str]]
    zones: list[tuple[str, str]]
    days: list[tuple[str, str]]
    browsers: list[BrowserLine]
    device_label: Callable[[str], str]
    push_key: str
    """What a browser subscribes to."""
    drawn: str
    form: Mapping[str, str]
    faults: Mapping[str, str]
    refusal: str
    done: str


def chosen_topics(choices: NoticeChoices, *, mail: bool, browsers: int) -> list[NoticeTopic]:
    """Of what a person is told by some channel."""
    return [
        topic
        for topic in NOTICE_TOPICS
        if (mail and choices.of(topic).mail != "never") or (browsers and choices.of(topic).push != "never")
    ]


def notices_finding(topics: Sequence[NoticeTopic]) -> str:
    """The heading of the page."""
    if not topics:
        return translated("You are told of nothing.")
    if len(topics) == len(NOTICE_TOPICS):
        return translated("You are told of everything.")
    words = ", ".join(spoken(TOPIC_SENTENCES[topic]) for topic in topics)
    return translated("You are told of %(topics)s.") % {"topics": words}


def notices_summary(choices: NoticeChoices, *, mail: bool, browsers: int) -> list[str]:
    """What an administrator sees of what a colleague is told."""
    topics = chosen_topics(choices, mail=mail, browsers=browsers)
    words = ", ".join(spoken(TOPIC_SENTENCES[topic]) for topic in topics)
    told = translated("Told of: %(topics)s.") % {"topics": words}
    lines = [told if topics else translated("Told of nothing.")]
    if not mail:
        lines.append(translated("No mails about what can be chosen."))
    elif any(choices.of(topic).mail == "digest" for topic in NOTICE_TOPICS):
        lines.append(translated("Some of it in a daily digest."))
    if choices.quiet is not None:
        lines.append(translated("With quiet hours."))
    if browsers:
        words = counted("One browser shows messages.", "%(count)s browsers show messages.", browsers)
        lines.append(words % {"count": browsers})
    return lines
