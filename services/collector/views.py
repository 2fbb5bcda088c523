"""What the customer sees: the question, the thanks, and that a link leads nowhere."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from fastapi import Request, Response

from services.collector.domain import MAX_TEXT_LENGTH, LinkTarget
from services.collector.forms import FormFault, PageNonce, SurveyForm
from services.collector.merging import ShownAnswer
from services.collector.survey_texts import (
    available_languages,
    follow_up_group,
    occasion_and_day,
    time_zone_of,
    with_filled_texts,
)
from shared.events.nps import group_of
from shared.link_tokens import LinkSigner
from shared.pages.environment import Pages
from shared.pages.language import own_name

NOT_INDEXED = {"X-Robots-Tag": "noindex, nofollow"}
RELOAD_S = 2


@dataclass(frozen=True)
class Renderer:
    """Draws the pages of one process."""

    pages: Pages
    signer: LinkSigner
    nonce: PageNonce

    def gone(self, request: Request) -> Response:
        """One page for every link that leads nowhere: nobody learns whether it ever did."""
        return self._page(request, "gone.html", status_code=404)

    def one_moment(self, request: Request) -> Response:
        """The link is ours, and what it leads to is still on its way."""
        response = self._page(request, "moment.html", status_code=503, again=RELOAD_S)
        response.headers["Retry-After"] = str(RELOAD_S)
        return response

    def thanks(self, request: Request, found: LinkTarget, language: str, now: datetime) -> Response:
        """What was said, and what happens now."""
        answer = found.scored
        assert answer is not None  # noqa: S101  (for the type checker: the caller has seen it)
        assert answer.score is not None  # noqa: S101
        outcome, case = group_of(answer.score), found.case
        waits = not case.dealt_with if case is not None else outcome == "detractor"
        return self._page(
            request,
            "thanks.html",
            speak=language,
            time_zone=time_zone_of(found),
            company=found.tenant.name,
            own=with_filled_texts(found, language, self.pages, {}).texts(language),
            own_language=language,
            outcome=outcome,
            answer=answer,
            contact=bool(answer.may_contact) and waits,
            due=case.due_at if case is not None and case.due_at > now else None,
            until=found.amendable_until,
            change=f"{request.url.path}?change=1&lang={language}",
        )

    def form(
        self,
        request: Request,
        found: LinkTarget,
        sheet: SurveyForm,
        now: datetime,
        faults: tuple[FormFault, ...] = (),
        status: int = 200,
    ) -> Response:
        """The question, filled in as the sheet is."""
        unsubscribe = self.signer.sign("unsubscribe", found.asked.id)
        languages = available_languages(found, self.pages)
        before = found.scored
        return self._page(
            request,
            "survey.html",
            status_code=status,
            speak=sheet.language,
            time_zone=time_zone_of(found),
            company=found.tenant.name,
            about=occasion_and_day(found, sheet.language, self.pages),
            own=with_filled_texts(found, sheet.language, self.pages, sheet.texts).texts(sheet.language),
            sheet=sheet if sheet.page else replace(sheet, page=uuid4().hex),
            before=before,
            faults=faults,
            here=request.url.path,
            nonce=self.nonce.make(found.asked.id, now),
            until=found.amendable_until,
            longest=MAX_TEXT_LENGTH,
            unsubscribe=f"/u/{unsubscribe}",
            languages=[(code, own_name(code)) for code in languages if code != sheet.language],
        )

    def shown(self, found: LinkTarget) -> ShownAnswer:
        """The answer as a page that is drawn now shows it."""
        return ShownAnswer.of(found.scored, follow_up_group(found, self.pages))

    def sheet_of(self, found: LinkTarget, language: str) -> SurveyForm:
        """The form as the answer stands: empty, or what was said, while it may be changed."""
        answer = found.scored
        if answer is None or answer.score is None:
            return SurveyForm(language)
        place = follow_up_group(found, self.pages) or group_of(answer.score)
        texts = {"comment": answer.comment or "", f"follow_up_{place}": answer.follow_up or ""}
        return SurveyForm(language, answer.score, answer.may_contact, texts, shown=self.shown(found))

    def _page(self, request: Request, template: str, **context: Any) -> Response:
        response = self.pages.response(request, template, **context)
        response.headers.update(NOT_INDEXED)
        return response
