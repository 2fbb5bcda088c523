"""The customer's page: ``/s/{token}``."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from babel.core import Locale
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from services.collector import repository
from services.collector.domain import (
    LONGEST_TEXT,
    Found,
    Visit,
    answered,
    clicked,
    outcome_of,
    standing,
    visited,
)
from services.collector.forms import Fault, PageNonce, Sheet, read_sheet, score_of
from shared.db.database import Database
from shared.events import ANSWERS
from shared.http.guesses import Guesses
from shared.http.problems import Problem
from shared.http.routes import Ordered
from shared.http.tokens import LENGTH, LinkSigner
from shared.ids import uuid7
from shared.pages.environment import Pages

router = APIRouter(include_in_schema=False, route_class=Ordered)

UNSEEN = {"X-Robots-Tag": "noindex, nofollow"}
LOOK_AGAIN_S = 2


@dataclass(frozen=True)
class Desk:
    """What the page needs: kept on ``app.state`` by the composition."""

    database: Database
    pages: Pages
    signer: LinkSigner
    nonce: PageNonce
    # The bucket that slows those who guess keys slows those who guess links too; no reader meets its bottom.
    per_link: Guesses = field(default_factory=lambda: Guesses(most=120, every=0.5))
    per_place: Guesses = field(default_factory=lambda: Guesses(most=1_200, every=0.05))

    def read(self, request: Request, token: str) -> UUID | None:
        """The invitation that a link names, if it is one of ours.

        :raises Problem: 429 to who asks faster than people do.
        """
        if wait := max(self.per_link.failed(token[:LENGTH]), self.per_place.failed(place_of(request))):
            raise Problem(429, headers={"Retry-After": str(int(wait) + 1)})
        return self.signer.read("answer", token)


@router.get("/s/{token}")
async def show_survey(request: Request, token: str) -> Response:
    """Show the question, the thanks, or that the link is over; note the visit, and never an answer."""
    desk: Desk = request.app.state.desk
    invitation_id = desk.read(request, token)
    async with desk.database.reading() as uow:
        # A wrong link takes the same look into the database as a right one.
        found = await repository.find(uow, invitation_id or uuid7())
    if (closed := _closed(request, desk, invitation_id, found)) or found is None:
        return closed or _gone(request, desk)
    query = request.query_params
    score = score_of(query.get("v"))
    if not found.scored and _is_visit(request):
        await _note(desk, found, Visit(score, request.headers.get("user-agent", ""), "trap" in query))
    language = query.get("lang", "")
    language = language if language in desk.pages.languages else _language(desk, found)
    if found.scored and found.scored.state == "sent" and score is None and "change" not in query:
        return _thanks(request, desk, found, language)
    sheet = _sheet_of(found, language)
    return _form(request, desk, found, sheet if score is None else _with_score(sheet, score))


@router.post("/s/{token}")
async def answer_survey(request: Request, token: str) -> Response:
    """Take a score by itself, or the whole form; what cannot be taken comes back as it was filled in."""
    desk: Desk = request.app.state.desk
    invitation_id = desk.read(request, token)
    form = await request.form()
    async with desk.database.transaction() as uow:
        # The lock first: whatever is read after it stays as it is until we have written.
        await repository.lock_invitation(uow, invitation_id or uuid7())
        found = await repository.find(uow, invitation_id or uuid7())
        if (closed := _closed(request, desk, invitation_id, found)) or found is None:
            return closed or _gone(request, desk)
        sheet = read_sheet(form, desk.pages.languages, _language(desk, found))
        if sheet.action == "language":
            return _form(request, desk, found, sheet)
        faults = sheet.faults()
        if not desk.nonce.holds(sheet.nonce, found.asked.id, desk.database.clock()):
            faults.append("nonce")
        if faults:
            return _refused(request, desk, found, sheet, faults)
        new = answered(found, sheet.said(), uow.now)
        if new is not None:
            await repository.put_answers(uow, found.tenant.id, [new])
            uow.publish(ANSWERS, found.tenant.id, new)
    if sheet.action == "choose":
        return JSONResponse({"saved": sheet.score}, headers=UNSEEN)
    suffix = "" if sheet.language == _language(desk, found) else f"?lang={sheet.language}"
    return RedirectResponse(f"/s/{token}{suffix}", 303, headers=UNSEEN)


async def _note(desk: Desk, found: Found, visit: Visit) -> None:
    """Write the visit down; the first one of somebody who is no machine is said once."""
    async with desk.database.transaction() as uow:
        tenant, asked = found.tenant.id, found.asked
        await repository.lock_invitation(uow, asked.id)
        intent = visited(await repository.find_intent(uow, tenant, asked.id), visit, uow.now)
        await repository.put_intent(uow, tenant, asked.id, intent)
        now_found = await repository.find(uow, asked.id)
        if intent.flag is None and now_found is not None and now_found.answer is None:
            answer = clicked(asked, uow.now)
            await repository.put_answers(uow, tenant, [answer])
            uow.publish(ANSWERS, tenant, answer)


def _is_visit(request: Request) -> bool:
    """Whether a page was opened: not fetched beforehand, and not asked for its headers only."""
    purposes = (request.headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
    return not request.scope.get("head") and not any("pre" in purpose.lower() for purpose in purposes)


def place_of(request: Request) -> str:
    """The sender's address; of IPv6 the network, since a household has all of it."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else host  # noqa: PLR2004


def _closed(request: Request, desk: Desk, invitation_id: UUID | None, found: Found | None) -> Response | None:
    """The page in place of the question, or None while it may be answered."""
    if invitation_id is None:
        return _gone(request, desk)
    state = standing(invitation_id, found, desk.database.clock())
    if state == "gone":
        return _gone(request, desk)
    return _one_moment(request, desk) if state == "unknown" else None


def _gone(request: Request, desk: Desk) -> Response:
    """One page for every link that leads nowhere: nobody learns whether it ever did."""
    return _with_headers(desk.pages.response(request, "gone.html", status_code=404))


def _one_moment(request: Request, desk: Desk) -> Response:
    response = desk.pages.response(request, "moment.html", status_code=503, again=LOOK_AGAIN_S)
    response.headers["Retry-After"] = str(LOOK_AGAIN_S)
    return _with_headers(response)


def _thanks(request: Request, desk: Desk, found: Found, language: str) -> Response:
    answer = found.scored
    assert answer is not None  # noqa: S101  (for the type checker: the caller has seen it)
    assert answer.score is not None  # noqa: S101
    return _with_headers(
        desk.pages.response(
            request,
            "thanks.html",
            speak=language,
            time_zone=found.tenant.time_zone,
            own=found.texts(language),
            outcome=outcome_of(answer.score),
            answer=answer,
            until=found.amendable_until,
            change=f"{request.url.path}?change=1&lang={language}",
        )
    )


def _form(
    request: Request,
    desk: Desk,
    found: Found,
    sheet: Sheet,
    faults: tuple[Fault, ...] = (),
    status: int = 200,
) -> Response:
    unsubscribe = desk.signer.sign("unsubscribe", found.asked.id)
    return _with_headers(
        desk.pages.response(
            request,
            "survey.html",
            status_code=status,
            speak=sheet.language,
            time_zone=found.tenant.time_zone,
            company=found.tenant.name,
            own=found.texts(sheet.language),
            sheet=sheet,
            faults=faults,
            here=request.url.path,
            nonce=desk.nonce.make(found.asked.id, desk.database.clock()),
            until=found.amendable_until,
            longest=LONGEST_TEXT,
            unsubscribe=f"/u/{unsubscribe}",
            languages=[(code, _name(code)) for code in desk.pages.languages if code != sheet.language],
        )
    )


def _refused(request: Request, desk: Desk, found: Found, sheet: Sheet, faults: list[Fault]) -> Response:
    status: Literal[409, 422] = 409 if faults == ["nonce"] else 422
    if sheet.action == "choose":
        return JSONResponse({"saved": None}, status, headers=UNSEEN)
    return _form(request, desk, found, sheet, tuple(faults), status)


def _language(desk: Desk, found: Found) -> str:
    """The invitation's language, as far as we or the survey speak it."""
    language = found.asked.language
    own = found.survey.texts if found.survey else {}
    for candidate in (language, language.partition("-")[0]):
        if candidate in desk.pages.languages or candidate in own:
            return candidate
    return "en"


def _sheet_of(found: Found, language: str) -> Sheet:
    """The form as the answer stands: empty, or what was said within the time in which it may be changed."""
    answer = found.scored
    if answer is None or answer.score is None:
        return Sheet(language)
    texts: Mapping[str, Any] = {
        "comment": answer.comment or "",
        f"follow_up_{outcome_of(answer.score)}": answer.follow_up or "",
    }
    return Sheet(language, answer.score, answer.may_contact, texts)


def _with_score(sheet: Sheet, score: int) -> Sheet:
    return Sheet(sheet.language, score, sheet.may_contact, sheet.texts)


def _name(code: str) -> str:
    """A language in its own words."""
    return (Locale.parse(code).get_language_name(code) or code).capitalize()


def _with_headers(response: Response) -> Response:
    response.headers.update(UNSEEN)
    return response
