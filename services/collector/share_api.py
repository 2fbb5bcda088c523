"""``/v1/share-links``: open links of a survey for print and web."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from services.collector.context import CollectorContext, OwnContext
from services.collector.repository import share_links
from services.collector.share_commands import ShareKeyReused, ShareRefused, change_link, make_link
from services.collector.share_schemas import (
    ShareLinkBody,
    ShareLinkChange,
    ShareLinkList,
    ShareLinkOut,
    share_url,
)
from services.collector.sharing import ShareLink
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.ids import derived, uuid7
from shared.pages.qr_codes import qr_png, qr_svg
from shared.permissions import EDITING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/share-links", tags=["share links"], route_class=CheckedRoute)
CompanyEditor = Annotated[Caller, Depends(staff_or_key("surveys:write", *EDITING_ROLES, whole_company=True))]
LinkId = Annotated[UUID, Path(description="The share link's id.")]
NO_LINK = message("There is no such share link.")


@router.post("", status_code=201, summary="Make a share link")
async def post_share_link(
    body: ShareLinkBody,
    caller: CompanyEditor,
    context: OwnContext,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The same key again makes nothing again.")
    ] = None,
) -> ShareLinkOut:
    """An open link: whoever has it may answer, and nobody is known. Its answers have the origin `link`."""
    link_id = derived("share link", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    wanted = body.model_dump(exclude={"survey_id"})
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of(caller)
            link = await make_link(uow, caller.tenant, link_id, body.survey_id, who=who, **wanted)
    except ShareRefused as refused:
        raise refusal(refused) from None
    except ShareKeyReused:
        raise Problem(409, message("This Idempotency-Key was used for another share link.")) from None
    return _out(context, link)


@router.get("", summary="Share links")
async def get_share_links(
    caller: CompanyEditor,
    context: OwnContext,
    survey_id: Annotated[UUID | None, Query(description="Only of this survey.")] = None,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 100,
) -> ShareLinkList:
    """The newest first."""
    async with context.database.reading() as uow:
        found = await share_links.list_links(uow, caller.tenant, survey_id, after=after, limit=limit + 1)
    more = str(found[limit - 1].id) if len(found) > limit else None
    return ShareLinkList(share_links=[_out(context, link) for link in found[:limit]], next=more)


@router.get("/{link_id}", summary="A share link")
async def get_share_link(link_id: LinkId, caller: CompanyEditor, context: OwnContext) -> ShareLinkOut:
    """With how many answers each group has."""
    return _out(context, await found_link(context, caller.tenant, link_id))


@router.patch("/{link_id}", summary="Change, pause or end a share link")
async def patch_share_link(
    link_id: LinkId, body: ShareLinkChange, caller: CompanyEditor, context: OwnContext
) -> ShareLinkOut:
    """What is left out stays; null takes a limit away."""
    wanted = {
        name: value
        for name, value in body.model_dump(exclude_unset=True).items()
        if value is not None or name in {"per_day", "in_all"}
    }
    try:
        async with context.database.transaction() as uow:
            link = await change_link(uow, caller.tenant, link_id, who=AuditActor.of(caller), **wanted)
    except ShareRefused as refused:
        raise refusal(refused) from None
    if link is None:
        raise Problem(404, detail=NO_LINK)
    return _out(context, link)


async def found_link(context: CollectorContext, tenant: str, link_id: UUID) -> ShareLink:
    """A link of the company.

    :raises Problem: 404 where it has none of this id.
    """
    async with context.database.reading() as uow:
        link = await share_links.find(uow, tenant, link_id)
    if link is None:
        raise Problem(404, detail=NO_LINK)
    return link


def qr_response(context: CollectorContext, link: ShareLink, kind: str) -> Response:
    """The QR code of a link as a file."""
    url = share_url(link, context.afterword.public_url)
    if kind == "svg":
        return Response(qr_svg(url), media_type="image/svg+xml")
    return Response(qr_png(url), media_type="image/png")


def refusal(refused: ShareRefused) -> Problem:
    """The response to what is refused."""
    return Problem(422, errors=[{"field": f"/{refused.field}", "detail": refused.remedy}])


def _out(context: CollectorContext, link: ShareLink) -> ShareLinkOut:
    return ShareLinkOut.of(link, context.afterword.public_url)
