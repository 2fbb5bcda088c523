"""``/themes``: what comments are about, and the stems by which that is found."""

from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.scorer.access import MAX_SEGMENT_LENGTH
from services.scorer.asked_days import USUAL_DAYS, AskedDays, GivenDays
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.frame import company_of, staff_frame
from services.scorer.repository.sending_state import read_sending_state
from services.scorer.themes import found_repository
from services.scorer.themes.domain import ThemeSet
from services.scorer.themes.forms import ThemesForm
from services.scorer.themes.found_views import TypedFound, proposals_view
from services.scorer.themes.impact import ThemeOrder, figures_of
from services.scorer.themes.model_client import origin_of
from services.scorer.themes.model_commands import read_state
from services.scorer.themes.model_views import model_view
from services.scorer.themes.reading import (
    CommentQuery,
    ThemeReader,
    WordSources,
    own_query_of,
    query_of,
    read_figures,
    read_word_sources,
    reader_of,
    suggested_words,
)
from services.scorer.themes.repository import ThemeComment, find_themes
from services.scorer.themes.theme_commands import ThemesFaulty, ThemesStale, check_themes, save_themes
from services.scorer.themes.trials import Trial, read_trial_comments, try_themes
from services.scorer.themes.views import themes_page
from services.scorer.windows import Window
from shared.events.surveys import NpsMeasurement
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts
from shared.http.numbers import whole_number
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.language import spoken
from shared.permissions import ADMIN, EDITING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/themes", include_in_schema=False, route_class=CheckedRoute)
ThemePageReader = Annotated[Staff, Depends(signed_in())]
ThemePageEditor = Annotated[Staff, Depends(signed_in(*EDITING_ROLES))]
DEFAULT_WINDOW = "90d"
CONFIRMATIONS = {
    "saved": message("Saved. Comments of before are matched again within minutes."),
    "added": message("The word is added below. Nothing is saved yet."),
    "kept": message("The theme is kept."),
    "merged": message("Merged. Comments of before are matched again within minutes."),
    "dropped": message("The theme is dropped. Its words do not open one again."),
    "on": message("Themes are opened by themselves from now on."),
    "off": message("No theme is opened by itself any more."),
    "model_on": message("Comments are sent to the model from now on."),
    "model_off": message("No comment is sent to a model any more."),
    "new": message("There are fields for one more theme below. Nothing is saved yet."),
}
CHANGED = message(
    "Not saved: somebody changed the themes meanwhile. What you typed is still here; open the page anew to "
    "see theirs."
)


@dataclass(frozen=True, kw_only=True)
class ThemePageQuery:
    """Whose comments the page tells of."""

    segment: str = ""
    """Empty: of the company, or of the reader's first own segment."""
    days: AskedDays = USUAL_DAYS
    measurement: NpsMeasurement = "transactional"
    order: ThemeOrder = "frequency"

    def address(self, did: str = "", order: ThemeOrder | None = None) -> str:
        """The page of the same comments.

        :param order: None: the same.
        """
        given = {"segment": self.segment, **self.days.parameters, "measurement": self.measurement, "did": did}
        if (order or self.order) != "frequency":
            given["order"] = order or self.order
        return f"/themes?{urlencode({name: value for name, value in given.items() if value})}"


@dataclass(frozen=True, kw_only=True)
class TypedThemes:
    """What an editor has typed, and what became of it."""

    form: ThemesForm
    faults: dict[str, str] = field(default_factory=dict)
    tries: bool = False
    refusal: str = ""
    did: str = ""
    status_code: int = 200
    found: TypedFound | None = None
    """What was typed at a theme that was opened by itself."""


@router.get("")
async def show_themes(
    request: Request,
    staff: ThemePageReader,
    context: OwnContext,
    days: GivenDays,
    segment: Annotated[str, Query(max_length=MAX_SEGMENT_LENGTH)] = "",
    measurement: NpsMeasurement = "transactional",
    order: ThemeOrder = "frequency",
    did: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """The figures of the themes, and their stems."""
    query = ThemePageQuery(segment=segment, days=days.of_form, measurement=measurement, order=order)
    return await show_page(request, staff, context, query, did=did)


@router.post("")
async def change_themes(
    request: Request, staff: ThemePageEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Try what was typed, save it, or add to it; what is refused stays as typed."""
    texts = await read_texts(request)
    query = query_of_form(texts)
    form = ThemesForm.read(texts)
    if "add" in texts:
        number = whole_number(texts.get("add_to", ""))
        added = form.with_stem(-1 if number is None else number, texts["add"])
        return await show_page(request, staff, context, query, TypedThemes(form=added, did="added"))
    match texts.get("act", ""):
        case "new":
            return await show_page(
                request, staff, context, query, TypedThemes(form=form.with_new_theme(), did="new")
            )
        case "try":
            typed = TypedThemes(form=form, tries=True)
        case "save":
            typed = await _saved(context, staff, form)
        case _:
            raise Problem(422)
    if typed.did == "saved":
        return RedirectResponse(query.address("saved"), 303)
    return await show_page(request, staff, context, query, typed)


async def _saved(context: ScorerContext, staff: Staff, form: ThemesForm) -> TypedThemes:
    if staff.segments:
        # They are the themes of the whole company.
        raise Problem(403)
    try:
        async with context.database.transaction() as uow:
            draft = form.draft(await find_themes(uow, staff.tenant))
            await save_themes(uow, staff.tenant, AuditActor.of_staff(staff), draft, form.version)
    except ThemesFaulty as error:
        return TypedThemes(form=form, faults=form.faults_by_field(error.faults), status_code=422)
    except ThemesStale:
        return TypedThemes(form=form, refusal=spoken(CHANGED), status_code=409)
    return TypedThemes(form=form, did="saved")


def query_of_form(texts: dict[str, str]) -> ThemePageQuery:
    """Whose comments the page told of from which a form was sent."""
    return ThemePageQuery(
        segment=texts.get("segment", "")[:MAX_SEGMENT_LENGTH],
        days=AskedDays(
            window=texts.get("window", ""),
            until=texts.get("until", ""),
            first=texts.get("from", ""),
            last=texts.get("to", ""),
        ),
        measurement="relational" if texts.get("measurement") == "relational" else "transactional",
        order="impact" if texts.get("order") == "impact" else "frequency",
    )


async def show_page(
    request: Request,
    staff: Staff,
    context: ScorerContext,
    asked: ThemePageQuery,
    typed: TypedThemes | None = None,
    *,
    did: str = "",
) -> Response:
    """The page.

    :param typed: None: nothing was sent.
    """
    may_edit = staff.role in EDITING_ROLES
    comments: list[ThemeComment] = []
    sources = WordSources(uncovered=(), others=())
    async with context.database.reading() as uow:
        tenant = await company_of(uow, staff)
        state = await read_sending_state(uow, tenant.id)
        frame = await staff_frame(uow, staff, tenant, state, here="themes", live=None)
        reader = await reader_of(uow, staff.tenant, staff)
        days = asked.days.read(reader.today, usual=DEFAULT_WINDOW)
        query = _query(reader, asked, days)
        themes = await find_themes(uow, tenant.id)
        figures = await read_figures(uow, themes, query) if query is not None else figures_of((), ())
        is_on = await found_repository.is_finding_on(uow, tenant.id)
        found = await found_repository.list_found(uow, tenant.id)
        model = await read_state(uow, tenant.id, origin_of(context.own.theme_model_url))
        if query is not None and may_edit:
            sources = await read_word_sources(uow, query)
            comments = await read_trial_comments(uow, query) if typed is not None and typed.tries else []
    typed = typed or TypedThemes(form=ThemesForm.of(themes), did=did)
    trial: Trial | None = None
    if typed.tries:
        typed, trial = await _tried(typed, themes, comments)
    page = themes_page(
        proposals=proposals_view(themes, found, typed.found, is_on=is_on),
        model=model_view(model),
        is_admin=staff.role == ADMIN,
        themes=themes,
        query=query,
        figures=figures,
        order=asked.order,
        frequency_href=asked.address(order="frequency"),
        impact_href=asked.address(order="impact"),
        words=await suggested_words(sources),
        asked_days=asked.days,
        window=days,
        measurement=asked.measurement,
        segment=asked.segment,
        form=typed.form,
        faults=typed.faults,
        trial=trial,
        may_edit=may_edit,
        whole_company=not staff.segments,
        refusal=typed.refusal,
        confirmation=spoken(CONFIRMATIONS.get(typed.did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=typed.status_code)


def _query(reader: ThemeReader, asked: ThemePageQuery, window: Window) -> CommentQuery | None:
    if asked.segment:
        return query_of(reader, asked.segment, asked.measurement, window)
    return own_query_of(reader, asked.measurement, window)


async def _tried(
    typed: TypedThemes, themes: ThemeSet, comments: list[ThemeComment]
) -> tuple[TypedThemes, Trial | None]:
    draft = typed.form.draft(themes)
    try:
        check_themes(draft)
    except ThemesFaulty as error:
        faults = typed.form.faults_by_field(error.faults)
        return TypedThemes(form=typed.form, faults=faults, status_code=422), None
    return typed, await try_themes(draft, comments)
