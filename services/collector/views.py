"""The customer's pages, each with the fields that its template sees, and how they are built."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar
from uuid import uuid4

from services.collector.context import CollectorContext
from services.collector.domain import MAX_TEXT_LENGTH, LinkTarget
from services.collector.forms import HONEYPOT, FormFault, SurveyForm
from services.collector.merging import ShownAnswer
from services.collector.objections import ObjectionFault, ObjectionForm
from services.collector.page_questions import GROUP_RANGES, AskedQuestion, asked_questions
from services.collector.receipts import Receipt, receipt_of
from services.collector.survey_texts import (
    available_languages,
    follow_up_group,
    occasion_and_day,
    with_filled_texts,
)
from services.collector.suspicion import is_held
from shared.events import Answer, SurveyTexts
from shared.events.nps import SCALE, Group, group_of
from shared.events.questions import replied
from shared.events.surveys import Layout
from shared.pages.language import native_name
from shared.pages.page import Page

RELOAD_INTERVAL_S = 2
SCORES = tuple((score, group_of(score)) for score in SCALE)


@dataclass(frozen=True, kw_only=True)
class LinkGonePage(Page):
    """For every link that cannot be answered: the page does not tell whether it ever could."""

    template: ClassVar[str] = "gone.html"


@dataclass(frozen=True, kw_only=True)
class OneMomentPage(Page):
    """The link is valid, and its invitation has not been consumed yet; the page reloads itself."""

    template: ClassVar[str] = "moment.html"
    reload_interval_s: int = RELOAD_INTERVAL_S


@dataclass(frozen=True, kw_only=True)
class ThanksPage(Page):
    """What was answered, and what happens now."""

    template: ClassVar[str] = "thanks.html"
    company: str
    language: str
    own_texts: SurveyTexts
    """The survey's own texts, filled; those that are None have a standard wording."""
    answer: Answer
    group: Group
    is_contact_promised: bool
    contact_due_at: datetime | None
    amendable_until: datetime | None
    change_url: str | None
    """None: the answer is final."""
    receipt: "ReceiptView | None"
    anonymous: bool
    """The survey is: it shows only answers of customers who asked to be contacted."""


@dataclass(frozen=True, kw_only=True)
class ReceiptView:
    """How far the work on an answer is, and the form by which the customer says that it is not solved."""

    shown: Receipt
    url: str
    nonce: str
    language: str
    words: str = ""
    fault: ObjectionFault | None = None
    max_text_length: int = MAX_TEXT_LENGTH
    honeypot: str = HONEYPOT


@dataclass(frozen=True, kw_only=True)
class ReceiptPage(Page):
    """The receipt of an answer whose own page has ended: nothing of the answer is on it."""

    template: ClassVar[str] = "receipt.html"
    company: str
    receipt: ReceiptView


@dataclass(frozen=True, kw_only=True)
class AnsweredPage(Page):
    """An anonymous link was answered: nobody can show or change with what."""

    template: ClassVar[str] = "answered.html"
    company: str
    language: str
    own_texts: SurveyTexts
    test: bool


@dataclass(frozen=True, kw_only=True)
class SurveyPage(Page):
    """The question, filled in as the form is."""

    template: ClassVar[str] = "survey.html"
    company: str
    occasion: tuple[str, str] | None
    """What the survey is about, and the day of it."""
    own_texts: SurveyTexts
    form: SurveyForm
    faults: tuple[FormFault, ...]
    given_answer: Answer | None
    """The answer as it is kept, once it has a score."""
    amendable_until: datetime | None
    edit_hours: int
    """For how long an answer may be changed; 0: until it is sent."""
    url: str
    nonce: str
    unsubscribe_url: str
    secret: str
    """The page's own, of an anonymous survey and of an open link; else empty."""
    anonymous: bool
    is_shared: bool
    """The link is for everybody: nobody can be contacted, nor be asked again."""
    other_languages: list[tuple[str, str]]
    """Code and own name of each."""
    questions: list[AskedQuestion]
    """The survey's further ones."""
    layout: Layout
    scores: tuple[tuple[int, Group], ...]
    """In the order in which they stand."""
    group_ranges: tuple[tuple[Group, str], ...] = tuple(GROUP_RANGES.items())
    max_text_length: int = MAX_TEXT_LENGTH
    honeypot: str = HONEYPOT
    """The name of the field that no person sees."""


def thanks_page(
    context: CollectorContext,
    target: LinkTarget,
    answer: Answer,
    language: str,
    url: str | None,
    now: datetime,
) -> ThanksPage:
    """The thanks for a scored answer; ``url``: of the link's page, None where it has no form."""
    assert answer.score is not None  # noqa: S101  (for the type checker)
    group, case = group_of(answer.score), target.case
    shown_to = f"&page={target.page}" if is_held(answer) else ""
    is_contact_due = not case.is_settled if case is not None else group == "detractor"
    return ThanksPage(
        company=target.tenant.name,
        language=language,
        own_texts=with_filled_texts(target, language, context.pages).texts(language),
        answer=answer,
        group=group,
        is_contact_promised=bool(answer.may_contact) and is_contact_due and not is_held(answer),
        contact_due_at=case.due_at if case is not None and case.due_at > now else None,
        amendable_until=target.amendable_until,
        receipt=_receipt(context, target, language, url),
        anonymous=target.anonymous,
        change_url=f"{url}?change=1&lang={language}{shown_to}" if url and not target.is_final else None,
    )


def receipt_page(
    context: CollectorContext,
    target: LinkTarget,
    language: str,
    url: str,
    form: ObjectionForm,
    fault: ObjectionFault | None = None,
) -> ReceiptPage:
    """The receipt alone; ``url``: of the link's page."""
    receipt = _receipt(context, target, language, url)
    assert receipt is not None  # noqa: S101  (for the type checker: its callers have asked)
    receipt = replace(receipt, words=form.words, fault=fault)
    if fault == "suspect":
        nonce = context.nonce.make(target.invitation.id, context.database.clock(), is_second=True)
        receipt = replace(receipt, nonce=nonce)
    return ReceiptPage(company=target.tenant.name, receipt=receipt)


def _receipt(
    context: CollectorContext, target: LinkTarget, language: str, url: str | None
) -> ReceiptView | None:
    now = context.database.clock()
    shown = receipt_of(target, now)
    if shown is None or url is None:
        return None
    return ReceiptView(
        shown=shown,
        url=f"{url}/not-solved",
        nonce=context.nonce.make(target.invitation.id, now),
        language=language,
    )


def answered_page(context: CollectorContext, target: LinkTarget, language: str) -> AnsweredPage:
    """The page of an anonymous link that was answered."""
    return AnsweredPage(
        company=target.tenant.name,
        language=language,
        own_texts=with_filled_texts(target, language, context.pages).texts(language),
        test=target.invitation.test,
    )


def survey_page(
    context: CollectorContext,
    target: LinkTarget,
    form: SurveyForm,
    url: str,
    now: datetime,
    faults: tuple[FormFault, ...] = (),
) -> SurveyPage:
    """The page of a form; one that no page has posted yet gets an id of its own."""
    language, invitation_id = form.language, target.invitation.id
    filled = with_filled_texts(target, language, context.pages, form.texts, form.replies)
    layout: Layout = target.survey.layout if target.survey is not None else "horizontal"
    secret = ""
    if target.anonymous or target.is_shared:
        is_valid = context.page_secrets.read(form.secret, invitation_id) is not None
        secret = form.secret if is_valid else context.page_secrets.make(invitation_id)
    return SurveyPage(
        company=target.tenant.name,
        occasion=occasion_and_day(target, language, context.pages),
        own_texts=filled.texts(language),
        questions=asked_questions(filled, form, target.scored_answer),
        layout=layout,
        scores=SCORES if layout == "horizontal" else SCORES[::-1],
        form=form if form.page else replace(form, page=uuid4().hex),
        faults=faults,
        given_answer=target.scored_answer,
        amendable_until=target.amendable_until,
        edit_hours=target.edit_hours,
        url=url,
        nonce=context.nonce.make(invitation_id, now, is_second="suspect" in faults),
        unsubscribe_url=f"/u/{context.signer.sign('unsubscribe', invitation_id)}",
        secret=secret,
        anonymous=target.anonymous,
        is_shared=target.is_shared,
        other_languages=[
            (code, native_name(code))
            for code in available_languages(target, context.pages)
            if code != language
        ],
    )


def shown_answer(context: CollectorContext, target: LinkTarget) -> ShownAnswer:
    """The answer as a page that is rendered now shows it."""
    return ShownAnswer.of(target.scored_answer, follow_up_group(target, context.pages))


def form_of_answer(context: CollectorContext, target: LinkTarget, language: str) -> SurveyForm:
    """The form filled in with the answer, for it to be changed; empty before there is a score."""
    answer = target.scored_answer
    if answer is None or answer.score is None:
        return SurveyForm(language)
    group = follow_up_group(target, context.pages) or group_of(answer.score)
    texts = {"comment": answer.comment or "", f"follow_up_{group}": answer.follow_up or ""}
    return SurveyForm(
        language,
        answer.score,
        answer.may_contact,
        texts,
        replies=replied(answer.replies),
        shown=shown_answer(context, target),
    )
