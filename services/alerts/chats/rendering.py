"""The words of a message to a channel, if its reason still holds: those of the notices to colleagues."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from services.alerts.chats.domain import TEST_KIND, ChatChannel
from services.alerts.chats.formats import ChatText
from services.alerts.chats.repository.lanes import WaitingChat
from services.alerts.notices.kinds import NoticeText
from services.alerts.notices.rendering import rendering_for_company
from shared.clock import Clock
from shared.db.database import UnitOfWork
from shared.pages.language import translated
from shared.pages.renderer import Renderer
from shared.tenancy.tenants import find_tenant
from shared.values.zones import zone_of


@dataclass(frozen=True, kw_only=True)
class ChatReason:
    """A message that is about to leave, and its channel as it is now."""

    channel: ChatChannel
    kind: str
    zone: ZoneInfo
    staff_url: str
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tenant(self) -> str:
        """Whose it is."""
        return self.channel.tenant


PrepareChat = Callable[[UnitOfWork, ChatReason], Awaitable[NoticeText | None]]
"""Checks whether the message may still be told, and gives its words; None: its reason is gone."""


class ChatRenderer:
    """Gives the words of messages, in the languages of their channels."""

    def __init__(self, kinds: Mapping[str, PrepareChat], staff_url: str, clock: Clock) -> None:
        """``staff_url`` is without a slash at its end."""
        self._kinds = {**kinds, TEST_KIND: _test}
        self._staff_url = staff_url
        self._texts = Renderer("services.alerts", clock=clock)

    def knows(self, kind: str) -> bool:
        """Whether this version has words for it."""
        return kind in self._kinds

    async def text(self, uow: UnitOfWork, channel: ChatChannel, waiting: WaitingChat) -> ChatText | None:
        """What a message says now; None: nothing any more."""
        company = await find_tenant(uow, channel.tenant)
        zone = zone_of(company.time_zone if company else "UTC")
        with rendering_for_company(self._texts, channel.language, company, zone.key):
            reason = ChatReason(
                channel=channel,
                kind=waiting.kind,
                zone=zone,
                staff_url=self._staff_url,
                about=waiting.about,
            )
            text = await self._kinds[waiting.kind](uow, reason)
            if text is None:
                return None
            call = translated("Open it in Afterword")
            return ChatText(text.subject, text.paragraphs, call, f"{self._staff_url}{text.path}")


async def _test(_: UnitOfWork, reason: ChatReason) -> NoticeText:
    name = {"name": reason.channel.name}
    return NoticeText(
        subject=translated("A test message from Afterword"),
        paragraphs=[translated("The channel %(name)s is set up. Nothing has happened.") % name],
        path=f"/settings/chats/{reason.channel.id}",
    )
