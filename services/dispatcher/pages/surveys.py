"""Surveys, how the company sends, and the two switches that nobody presses by mistake."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from services.dispatcher import sending, surveys
from services.dispatcher.addresses import judged
from services.dispatcher.pages.forms import Filled, blank, filled, form_of
from services.dispatcher.pages.house import House, InHouse, page, surround_of
from services.dispatcher.pages.preview import sample
from services.dispatcher.repository import sending as sending_rows
from services.dispatcher.repository import surveys as rows
from services.dispatcher.schemas import SurveyBody
from services.dispatcher.wording import SPOKEN
from shared.db import UnitOfWork
from shared.events import SurveyTexts
from shared.http.csrf import csrf_checked
from shared.http.problems import Problem
from shared.http.routes import Ordered
from shared.http.staff import Staff, signed_in
from shared.ids import uuid7

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=Ordered)
Reader = Annotated[Staff, Depends(signed_in())]
Editor = Annotated[Staff, Depends(signed_in("admin", "editor"))]
Admin = Annotated[Staff, Depends(signed_in("admin"))]
# Behind who is signed in, so that an old pass is renewed and not refused.
Checked = Annotated[None, Depends(csrf_checked)]
RECENT = timedelta(days=30)
MOST_ADDRESSES = 50
# A mail brings its own styles and nothing else: no script, no picture, no form.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"
)


@router.get("")
async def list_surveys(request: Request, staff: Reader, house: InHouse) -> Response:
    """All surveys in their order, and how the company sends."""
    return await _overview(request, staff, house)


@router.get("/new")
async def new_survey(request: Request, staff: Editor, house: InHouse) -> Response:
    """An empty form."""
    return await _form(request, staff, house, None, blank())


@router.post("/new")
async def make_survey(request: Request, staff: Editor, _: Checked, house: InHouse) -> Response:
    """Make it, or show what is wrong with it."""
    typed = await filled(request)
    try:
        draft = SurveyBody.model_validate(typed.values()).draft()
    except ValidationError as error:
        return await _form(request, staff, house, None, typed.with_faults(error))
    async with house.context.database.transaction() as uow:
        made = await surveys.create(uow, staff.tenant, uuid7(), draft)
    return RedirectResponse(f"/surveys/{made.id}", 303)


@router.get("/live")
async def ask_to_go_live(request: Request, staff: Admin, house: InHouse) -> Response:
    """What going live means, and the button."""
    async with house.context.database.reading() as uow:
        surround = await surround_of(uow, staff.tenant)
        found = await surveys.listing(uow, staff.tenant)
    live = [survey for survey in found if survey.draft.state == "live"]
    return page(house, request, "go_live.html", staff, surround, here="surveys", surveys=live)


@router.post("/live")
async def go_live(request: Request, staff: Admin, _: Checked, house: InHouse) -> Response:
    """From now on customers are written to."""
    form = await request.form()
    if form.get("confirmed") != "on":
        raise Problem(
            422, "Nothing was changed.", "Tick the box to confirm that customers will be written to."
        )
    async with house.context.database.transaction() as uow:
        await sending.set_mode(uow, staff.tenant, staff.name, "live")
    return RedirectResponse("/surveys", 303)


@router.post("/test-mode")
async def back_to_test_mode(staff: Admin, _: Checked, house: InHouse) -> Response:
    """From now on only test addresses are written to."""
    async with house.context.database.transaction() as uow:
        await sending.set_mode(uow, staff.tenant, staff.name, "test")
    return RedirectResponse("/surveys", 303)


@router.post("/stop")
async def stop_all_sending(staff: Admin, _: Checked, house: InHouse) -> Response:
    """Nothing leaves any more."""
    async with house.context.database.transaction() as uow:
        await sending.set_stopped(uow, staff.tenant, staff.name, stopped=True)
    return RedirectResponse("/surveys", 303)


@router.post("/resume")
async def resume_sending(staff: Admin, _: Checked, house: InHouse) -> Response:
    """What waited goes out, if it is not too old by now."""
    async with house.context.database.transaction() as uow:
        await sending.set_stopped(uow, staff.tenant, staff.name, stopped=False)
    return RedirectResponse("/surveys", 303)


@router.post("/test-addresses")
async def write_test_addresses(request: Request, staff: Editor, _: Checked, house: InHouse) -> Response:
    """List exactly these."""
    typed = str((await request.form()).get("addresses", ""))
    addresses = typed.replace(",", " ").split()
    bad = [address for address in addresses if judged(address) != "good"]
    if bad or len(addresses) > MOST_ADDRESSES:
        fault = f"At most {MOST_ADDRESSES} addresses, each such as name@example.com."
        return await _overview(request, staff, house, typed=typed, fault=fault, status_code=422)
    async with house.context.database.transaction() as uow:
        await sending.set_test_addresses(uow, staff.tenant, staff.name, addresses)
    return RedirectResponse("/surveys", 303)


@router.get("/{survey_id}")
async def show_survey(survey_id: str, request: Request, staff: Reader, house: InHouse) -> Response:
    """One survey: to be read, and by an editor to be changed."""
    async with house.context.database.reading() as uow:
        survey = await _found(uow, staff, survey_id)
    return await _form(request, staff, house, survey, form_of(survey))


@router.post("/{survey_id}")
async def change_survey(
    survey_id: str, request: Request, staff: Editor, _: Checked, house: InHouse
) -> Response:
    """Make it so, or show what is wrong, or that somebody was faster; what was typed stays."""
    typed = await filled(request)
    try:
        draft = SurveyBody.model_validate(typed.values()).draft()
    except ValidationError as error:
        async with house.context.database.reading() as uow:
            now = await _found(uow, staff, survey_id)
        return await _form(request, staff, house, now, typed.with_faults(error))
    async with house.context.database.transaction() as uow:
        now = await _found(uow, staff, survey_id)
        try:
            await surveys.change(uow, staff.tenant, now.id, draft, seen=typed.seen)
        except surveys.Changed:
            return await _form(request, staff, house, now, typed.overtaken(now))
    return RedirectResponse(f"/surveys/{now.id}", 303)


@router.get("/{survey_id}/mail")
async def show_mail(
    survey_id: str,
    staff: Reader,
    house: InHouse,
    language: Annotated[str, Query(max_length=20)] = "en",
) -> Response:
    """The mail as a customer would get it, with links that lead nowhere."""
    async with house.context.database.reading() as uow:
        survey = await _found(uow, staff, survey_id)
        surround = await surround_of(uow, staff.tenant)
    texts = survey.draft.texts.get(language, SurveyTexts())
    drawn = house.scribe.draw(
        sample(survey, language, house.context.database.clock()), surround.tenant, texts
    )
    return HTMLResponse(drawn.html, headers={"Content-Security-Policy": MAIL_POLICY})


async def _found(uow: UnitOfWork, staff: Staff, survey_id: str) -> surveys.Survey:
    try:
        return await surveys.find(uow, staff.tenant, UUID(survey_id))
    except (ValueError, surveys.NoSuchSurvey):
        raise Problem(404) from None


async def _overview(
    request: Request,
    staff: Staff,
    house: House,
    *,
    typed: str | None = None,
    fault: str = "",
    status_code: int = 200,
) -> Response:
    async with house.context.database.reading() as uow:
        surround = await surround_of(uow, staff.tenant)
        found = await surveys.listing(uow, staff.tenant)
        counted = await rows.counts(uow, staff.tenant, uow.now - RECENT, staff.segments)
        changes = await sending_rows.changes(uow, staff.tenant)
    counts: dict[UUID, dict[str, int]] = {}
    for row in counted:
        own = counts.setdefault(row.survey_id, {})
        own[row.state] = own.get(row.state, 0) + row.n
    return page(
        house,
        request,
        "surveys.html",
        staff,
        surround,
        here="surveys",
        status_code=status_code,
        surveys=found,
        counts=counts,
        changes=changes,
        addresses="\n".join(sorted(surround.sending.test_addresses)) if typed is None else typed,
        fault=fault,
    )


async def _form(
    request: Request, staff: Staff, house: House, survey: surveys.Survey | None, form: Filled
) -> Response:
    async with house.context.database.reading() as uow:
        surround = await surround_of(uow, staff.tenant)
    languages = [*SPOKEN, *sorted(form.languages - set(SPOKEN))]
    return page(
        house,
        request,
        "survey.html",
        staff,
        surround,
        here="surveys",
        status_code=422 if form.faults else 200,
        survey=survey,
        form=form,
        languages=languages,
        may_edit=staff.role in {"admin", "editor"},
    )
