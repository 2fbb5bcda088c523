"""What administrators and keys do with chat channels: make, change, switch, try, delete."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from msgspec.structs import replace

from services.alerts.chats.addresses import address_of, checked_address, sealed_address, shown_address
from services.alerts.chats.domain import MAX_CHANNELS, TEST_KIND, ChatChannel, ChatKind, ChatState, ChatTopic
from services.alerts.chats.repository import channels, messages
from services.alerts.errors import SettingKeyReused, SettingRefused
from services.alerts.teams.repository import team_names
from shared.db.database import UnitOfWork
from shared.ids import uuid7
from shared.outbound.address_guard import AddressGuard
from shared.privacy.audit import AuditActor, record_audit
from shared.sealed import SealBroken
from shared.values.messages import Count, message


@dataclass(frozen=True, kw_only=True)
class ChatWanted:
    """What a channel is to be; None: as it is."""

    name: str | None = None
    kind: ChatKind | None = None
    address: str | None = None
    topics: Sequence[ChatTopic] | None = None
    segments: Sequence[str] | None = None
    team_id: UUID | None = None
    any_team: bool = False
    """No team: cases of all are told."""
    language: str | None = None
    state: ChatState | None = None


@dataclass(frozen=True, kw_only=True)
class ChatRoot:
    """What is typed about channels is checked with this, and their addresses are sealed with it."""

    secret: str
    guard: AddressGuard
    languages: Collection[str]
    """Those of our texts."""


async def make(
    uow: UnitOfWork, root: ChatRoot, tenant: str, channel_id: UUID, wanted: ChatWanted, *, who: AuditActor
) -> ChatChannel:
    """Make a channel. One of this id that was made so stays as it is.

    :raises SettingRefused: naming the field and the remedy.
    :raises SettingKeyReused: when the channel that is there is another one.
    """
    kind = wanted.kind or "slack"
    url = checked_address(root.guard, kind, wanted.address or "")
    await _check(uow, root, tenant, wanted)
    channel = ChatChannel(
        tenant=tenant,
        id=channel_id,
        name=wanted.name or "",
        kind=kind,
        sealed=sealed_address(root.secret, tenant, channel_id, url),
        shown=shown_address(url),
        topics=tuple(wanted.topics or ()),
        segments=tuple(wanted.segments or ()),
        team_id=wanted.team_id,
        language=wanted.language or "",
        state=wanted.state or "on",
        off_reason="person" if wanted.state == "off" else None,
        created_at=uow.now,
        changed_at=uow.now,
    )
    known = await channels.find(uow, tenant, channel_id)
    if known is None and await channels.count_of(uow, tenant) >= MAX_CHANNELS:
        raise SettingRefused(
            "/name",
            message("A company may have %(most)s channels. Delete one first.", most=Count(MAX_CHANNELS)),
        )
    if known is None and await channels.add(uow, channel):
        topics = ", ".join(sorted(channel.topics))
        record_audit(uow, tenant, who, "chat_made", str(channel_id), kind=kind, topics=topics)
        return channel
    known = known or await channels.find(uow, tenant, channel_id)
    if known is None or (known.name, known.kind, known.shown) != (channel.name, channel.kind, channel.shown):
        raise SettingKeyReused
    return known


async def change(
    uow: UnitOfWork, root: ChatRoot, tenant: str, channel_id: UUID, wanted: ChatWanted, *, who: AuditActor
) -> ChatChannel | None:
    """Change a channel or switch it; the same again changes nothing. None: there is none.

    :raises SettingRefused: naming the field and the remedy.
    """
    known = await channels.find(uow, tenant, channel_id, lock=True)
    if known is None:
        return None
    if wanted.kind not in {None, known.kind} and wanted.address is None:
        raise SettingRefused("/address", message("Give the address of the other chat, too."))
    await _check(uow, root, tenant, wanted, known)
    team_id = None if wanted.any_team else wanted.team_id or known.team_id
    changed = replace(
        known,
        name=wanted.name if wanted.name is not None else known.name,
        kind=wanted.kind or known.kind,
        topics=tuple(wanted.topics) if wanted.topics is not None else known.topics,
        segments=tuple(wanted.segments) if wanted.segments is not None else known.segments,
        team_id=team_id,
        language=wanted.language if wanted.language is not None else known.language,
        state=wanted.state or known.state,
    )
    changed = _switched(known, _moved(root, known, changed, wanted.address))
    if changed == known:
        return known
    changed = replace(changed, changed_at=uow.now)
    await channels.update(uow, changed)
    fields = [name for name in _AUDITED if getattr(changed, name) != getattr(known, name)]
    record_audit(
        uow, tenant, who, "chat_changed", str(channel_id), fields=", ".join(fields), state=changed.state
    )
    return changed


async def try_out(uow: UnitOfWork, tenant: str, channel_id: UUID) -> UUID | None:
    """Queue a test message before all others, also for a channel that is off; its id. None: no channel."""
    if await channels.find(uow, tenant, channel_id) is None:
        return None
    message_id = uuid7()
    await messages.queue_test(uow, tenant, channel_id, message_id, TEST_KIND)
    return message_id


async def remove(uow: UnitOfWork, tenant: str, channel_id: UUID, *, who: AuditActor) -> bool:
    """Delete a channel, its address and its messages. False: there is none."""
    if not await channels.delete(uow, tenant, channel_id):
        return False
    record_audit(uow, tenant, who, "chat_deleted", str(channel_id))
    return True


_AUDITED = ("name", "kind", "shown", "topics", "segments", "team_id", "language", "state")


def _moved(root: ChatRoot, known: ChatChannel, changed: ChatChannel, address: str | None) -> ChatChannel:
    """The channel with another address, if it is another one."""
    if not address:
        return changed
    url = checked_address(root.guard, changed.kind, address)
    if url == _address_of(root, known):
        return changed
    sealed = sealed_address(root.secret, known.tenant, known.id, url)
    return replace(changed, sealed=sealed, shown=shown_address(url), resume_at=None)


def _address_of(root: ChatRoot, known: ChatChannel) -> str | None:
    try:
        return address_of(root.secret, known.tenant, known.id, known.sealed)
    except SealBroken:
        return None


def _switched(known: ChatChannel, changed: ChatChannel) -> ChatChannel:
    if changed.state == known.state:
        return changed
    if changed.state == "off":
        return replace(changed, off_reason="person")
    return replace(changed, off_reason=None, failing_since=None, failures=0, resume_at=None)


async def _check(
    uow: UnitOfWork, root: ChatRoot, tenant: str, wanted: ChatWanted, known: ChatChannel | None = None
) -> None:
    """Check what is typed; a channel's team that is gone by now stays as long as nobody changes it."""
    if wanted.language and wanted.language not in root.languages:
        raise SettingRefused("/language", message("There are no texts in this language. Choose another one."))
    kept = known is not None and wanted.team_id == known.team_id
    if wanted.team_id is not None and not kept and wanted.team_id not in await team_names(uow, tenant):
        raise SettingRefused("/team_id", message("There is no such team."))
