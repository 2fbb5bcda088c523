"""What staff do with share links: make, change, pause and end them."""

from typing import Any
from uuid import UUID

from msgspec.structs import asdict, replace

from services.collector.repository import share_links
from services.collector.sharing import NO_SCORES, ShareLink, new_code, reason_not_to_share
from shared.db.database import UnitOfWork
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Message, message

NO_SURVEY = message("There is no such survey. Choose another one.")
ENDED = message("This link has ended. Make another one.")


class ShareRefused(Exception):
    """A link is not made or changed so."""

    def __init__(self, field: str, remedy: Message) -> None:
        super().__init__(field)
        self.field = field
        """Of the API."""
        self.remedy = remedy


class ShareKeyReused(Exception):
    """The idempotency key was used for another link."""


async def make_link(
    uow: UnitOfWork, tenant: str, link_id: UUID, survey_id: UUID, *, who: AuditActor, **wanted: Any
) -> ShareLink:
    """Make a link of a live survey; one of this id that is there already stays as it is.

    :param wanted: name, segments, limits.
    :raises ShareRefused: when the survey does not ask, or asks after cases.
    :raises ShareKeyReused: when the link that is there was made otherwise.
    """
    known = await share_links.find(uow, tenant, link_id)
    if known is not None:
        if {name: getattr(known, name) for name in wanted} != wanted or known.survey_id != survey_id:
            raise ShareKeyReused
        return known
    surveys = await share_links.newest_surveys(uow, tenant)
    survey = next((each for each in surveys if each.id == survey_id), None)
    if (remedy := NO_SURVEY if survey is None else reason_not_to_share(survey)) is not None:
        raise ShareRefused("survey_id", remedy)
    link = ShareLink(
        tenant=tenant,
        id=link_id,
        code=new_code(),
        survey_id=survey_id,
        state="live",
        scores=NO_SCORES,
        day=None,
        answers_of_day=0,
        version=1,
        created_at=uow.now,
        changed_at=uow.now,
        **wanted,
    )
    if not await share_links.insert(uow, link):
        # Another request has made it meanwhile, or by the rarest of chances has the code.
        return await make_link(uow, tenant, link_id, survey_id, who=who, **wanted)
    record_audit(uow, tenant, who, "share_link_made", str(link_id), survey=str(survey_id))
    return link


async def change_link(
    uow: UnitOfWork, tenant: str, link_id: UUID, *, who: AuditActor, **wanted: Any
) -> ShareLink | None:
    """Change a link; the same again changes nothing. None: there is no such link.

    :raises ShareRefused: when it has ended, which is for ever.
    """
    link = await share_links.find(uow, tenant, link_id, lock=True)
    if link is None:
        return None
    changed = replace(link, **wanted)
    if changed == link:
        return link
    if link.state == "ended":
        raise ShareRefused("state", ENDED)
    changed = replace(changed, version=link.version + 1, changed_at=uow.now)
    await share_links.write(uow, changed)
    before = asdict(link)
    fields = ", ".join(sorted(name for name in wanted if wanted[name] != before[name]))
    record_audit(uow, tenant, who, "share_link_changed", str(link_id), fields=fields, state=changed.state)
    return changed
