"""Whom the scenario of notices tells what: colleagues with their choices, and channels of chats."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chaos.recorders import LETTER
from chaos.told import Told

from services.alerts.chats.domain import ChatKind, ChatTopic
from services.alerts.notices.choices import NoticeChoices, TopicChoice
from services.alerts.weekly.kinds import LETTER_ROLES
from shared.events import may_see
from shared.events.segments import chain_of
from shared.permissions import Role

NEVER = TopicChoice(mail="never", push="never")
AT_ONCE_BY_MAIL = TopicChoice(push="never")
IN_DIGEST = TopicChoice(mail="digest", push="never")
MAILS = "mails"
"""The lane of all mails."""


@dataclass(frozen=True)
class Member:
    """A colleague and their choices."""

    name: str
    role: Role
    choices: NoticeChoices
    segments: tuple[str, ...] = ()
    browsers: int = 0

    @property
    def mailbox(self) -> str:
        return f"{self.name}-by-mail"

    @property
    def browser_names(self) -> list[str]:
        return [f"{self.name}-{number}" for number in range(1, self.browsers + 1)]


MEMBERS = (
    Member("all", "leader", NoticeChoices(), browsers=2),
    Member("each", "agent", NoticeChoices(cases=AT_ONCE_BY_MAIL, incidents=NEVER)),
    Member("digest", "admin", NoticeChoices(cases=IN_DIGEST, incidents=IN_DIGEST, weekly=NEVER)),
    Member(
        "browser",
        "admin",
        NoticeChoices(cases=TopicChoice(mail="never"), incidents=AT_ONCE_BY_MAIL),
        browsers=1,
    ),
    Member("one", "agent", NoticeChoices(cases=AT_ONCE_BY_MAIL), segments=("touchpoint:delivery",)),
    Member("nothing", "agent", NoticeChoices(cases=NEVER, incidents=NEVER)),
)


@dataclass(frozen=True)
class ChatRoom:
    """A channel of a chat and what it is told of."""

    name: str
    kind: ChatKind
    topics: tuple[ChatTopic, ...]


ROOMS = (
    ChatRoom("slack", "slack", ("cases", "weekly")),
    ChatRoom("teams", "teams", ("cases", "incidents")),
)


class JudgedCase(NamedTuple):
    """A case with its segments, and the incident that it belongs to."""

    id: str
    belongs: Sequence[str]
    incident: str | None


class FoundIncident(NamedTuple):
    """An incident and its segment."""

    id: str
    segment: str


def wanted_things(
    cases: Collection[JudgedCase], incidents: Collection[FoundIncident], *, letter_is_due: bool
) -> dict[Told, bool]:
    """All that may be told, with whether it must be."""
    wanted: dict[Told, bool] = {}
    for member in MEMBERS:
        wanted |= _of_member(member, cases, incidents)
        if member.role in LETTER_ROLES and member.choices.weekly.mail != "never":
            wanted[Told(member.mailbox, LETTER)] = letter_is_due
    for room in ROOMS:
        wanted |= _of_room(room, cases, incidents)
        if "weekly" in room.topics:
            wanted[Told(room.name, LETTER)] = letter_is_due
    return wanted


def _of_member(
    member: Member, cases: Collection[JudgedCase], incidents: Collection[FoundIncident]
) -> dict[Told, bool]:
    """Who is told of an incident at once is told of its cases only until it began, which may be none of them."""
    wanted: dict[Told, bool] = {}
    seen = [one for one in incidents if may_see(member.segments, chain_of(one.segment))]
    for to, when, instead in _ways(member):
        replaced = {one.id for one in seen} if instead == "at_once" else set()
        if when != "never":
            own = [one for one in cases if may_see(member.segments, one.belongs)]
            wanted |= {Told(to, f"case {one.id}"): one.incident not in replaced for one in own}
        if instead != "never":
            wanted |= {Told(to, f"incident {one.id}"): True for one in seen}
    return wanted


def _of_room(
    room: ChatRoom, cases: Collection[JudgedCase], incidents: Collection[FoundIncident]
) -> dict[Told, bool]:
    """A channel is told of an incident in place of its cases, too."""
    if "incidents" not in room.topics:
        return {Told(room.name, f"case {one.id}"): True for one in cases}
    wanted = {Told(room.name, f"case {one.id}"): one.incident is None for one in cases}
    return wanted | {Told(room.name, f"incident {one.id}"): True for one in incidents}


def _ways(member: Member) -> list[tuple[str, str, str]]:
    """The receivers of a person, with when each is told of cases and of incidents."""
    cases, incidents = member.choices.cases, member.choices.incidents
    browsers = [(name, cases.push, incidents.push) for name in member.browser_names]
    return [(member.mailbox, cases.mail, incidents.mail), *browsers]
