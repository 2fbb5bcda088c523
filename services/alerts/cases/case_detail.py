"""What the page of a case shows, and how it is loaded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import ClassVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from services.alerts.case_tools.for_cases import (
    EventFact,
    OfferedBlock,
    attributes_of,
    event_facts,
    filled_case_links,
    links_of,
    offered_blocks,
    text_blocks_of,
)
from services.alerts.cases import labels, sentences, times, views
from services.alerts.cases.acting import colleagues
from services.alerts.cases.case_contact import contact_of
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.stage import shown_stage
from services.alerts.cases.forms import CASES_PER_PAGE, CaseForm, InboxFilter
from services.alerts.cases.mail_form import MailForm, mail_form
from services.alerts.cases.repository import case_mails, lists
from services.alerts.cases.repository.search import search_order, searched
from services.alerts.cases.repository.timeline import last_reveal, timeline
from services.alerts.cases.schemas import ContactOut
from services.alerts.cases.timeline_lines import TimelineLine, timeline_lines
from services.alerts.cases.visible import EarlierVersion, VisibleCase, earlier_versions, visible_case
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.notices.repository import notifications
from services.alerts.re_asks.for_cases import CaseReAsk, asked_again_of
from services.alerts.replicas import repository as replicas
from services.alerts.rules.labels import PRIORITY_LABELS
from services.alerts.rules.setup import CompanySetup
from shared.db.database import UnitOfWork
from shared.events import Answer, Invitation, may_see, segments_of
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.pages.cause_labels import cause_options
from shared.pages.filters import touchpoint_name
from shared.pages.language import spoken, translated
from shared.pages.page import Frame, Page
from shared.permissions import ASSIGNING_ROLES
from shared.values.zones import zone_of

FIRST_LIST = InboxFilter()
LINES_PER_PAGE = 20
"""Of the timeline."""
VIEWED_EVERY_S = 15
"""How often an open page says that it is looked at."""


@dataclass(frozen=True, kw_only=True)
class CaseDetailPage(Page):
    """One case, as far as its reader may see it, and the forms of all acts."""

    template: ClassVar[str] = "case.html"

    case: CaseFile
    owner: str | None
    finding: str
    """The heading."""
    name: str
    """The customer's."""
    answer: Answer
    """The answer that heads the case."""
    first_score: int
    writing: bool
    before: list[EarlierVersion]
    """What that answer said before it was amended."""
    later: list[tuple[Answer, str, list[EarlierVersion]]]
    """The other answers, each with its customer's name and what it said before."""
    moment: Callable[[datetime], str]
    """Writes a time."""
    stage: str
    """How far the work is."""
    first_wait_day: date
    last_wait_day: date
    """On which a case may go on that waits."""

    priority: str
    team: str
    """Whose it is; empty: no team's."""
    clocks: list[views.CaseDeadline]
    reveal: str
    """The label of the button that shows address and number; empty: neither is known."""
    contact: ContactOut | None
    """Address and number, while they are shown to the reader."""
    shown_until: str
    survey: str | None
    invitation: Invitation | None
    bought: list[EventFact]
    links: list[tuple[str, str]]
    """Into the company's own systems, by name."""
    blocks: list[OfferedBlock]
    """Texts to insert where something is written about it."""
    mail: MailForm | None
    """By which the reader writes to the customer; None: nobody can, or may."""
    asked_again: CaseReAsk
    others: list[tuple[VisibleCase, str]]
    """The other cases under this customer id, each with its customer's name."""

    lines: list[TimelineLine]
    older: int | None
    """Where the lines before these end; None: there are none."""
    paged: bool
    """Whether these are not the last lines."""
    mails: str

    chosen: InboxFilter
    """The list from which the case was opened."""
    next: views.CaseRow | None
    """The case to go on with: the next one of that list."""
    may_assign: bool
    colleagues: list[tuple[UUID, str]]
    causes: list[tuple[str, str, list[tuple[str, str]]]] = field(default_factory=cause_options)
    outcomes: list[tuple[str, str]] = field(default_factory=labels.closing_options)
    hows: list[tuple[str, str]] = field(default_factory=labels.contact_options)
    keys: Callable[[], UUID] = uuid4
    """Makes the idempotency key of each form."""

    viewed_every_s: int = VIEWED_EVERY_S
    form: CaseForm = field(default_factory=lambda: CaseForm(act="note"))
    """What was typed."""
    acting: str = ""
    """The act whose form is open."""
    faults: Sequence[tuple[str, str]] = ()
    wrongs: Mapping[str, str] = field(default_factory=dict)
    """The faults by field."""
    refused: str = ""
    did: str = ""
    done: str = ""


async def load_case_page(
    uow: UnitOfWork,
    policy: CasePolicy,
    setup: CompanySetup,
    staff: Staff,
    case: UUID,
    before: int | None = None,
    chosen: InboxFilter = FIRST_LIST,
    *,
    mails_come_back: bool = False,
) -> tuple[Frame, CaseDetailPage]:
    """Everything that the page shows, as far as this reader may see it.

    :param before: of the timeline: only the lines before this one.
    :param chosen: the list from which the case was opened.
    :param mails_come_back: whether what customers answer to mails comes to their cases.
    :raises Problem: 404 when the case is not there for this reader.
    """
    row = await lists.one_case(uow, staff.tenant, case, staff.segments)
    if row is None:
        raise Problem(404)
    visible, now = visible_case(row), uow.now
    file, answer, ids = visible.case, visible.answer, visible.answer_ids
    counts = await open_case_counts(uow, staff)
    frame = await staff_frame(
        uow, staff, here="cases", open_cases=counts.open, live="/inbox/live", live_only=str(file.id)
    )
    zone = zone_of(frame.time_zone)
    moment = partial(times.moment, now=now, zone=zone)
    invitations = await replicas.invitations(uow, staff.tenant, ids)
    invitation = invitations.get(answer.id)
    name = views.name_of(invitation)
    entries = await timeline(
        uow, staff.tenant, file.id, visible.timeline_answers, before=before, limit=LINES_PER_PAGE + 1
    )
    has_older = len(entries) > LINES_PER_PAGE
    entries = entries[-LINES_PER_PAGE:]
    sent = await replicas.earlier_versions(uow, staff.tenant, ids)
    until = views.shown_until(await last_reveal(uow, staff.tenant, file.id, staff.id), now, policy)
    contact = await contact_of(uow, file, visible.answers)
    known = [label for label, value in (("address", contact.email), ("number", contact.phone)) if value]
    earlier, others = ([], []) if has_older else await _of_the_customer(uow, staff, visible)
    page = CaseDetailPage(
        case=file,
        owner=visible.owner_name,
        finding=_finding(name, file),
        name=name,
        answer=answer,
        first_score=visible.first_score,
        writing=visible.writing,
        before=earlier_versions(answer, sent),
        later=[
            (one, views.name_of(invitations.get(one.id)), earlier_versions(one, sent))
            for one in visible.answers[1:]
        ],
        moment=moment,
        stage=spoken(labels.STAGE_LABELS[shown_stage(file, now, policy)]),
        first_wait_day=now.astimezone(zone).date() + timedelta(days=1),
        last_wait_day=(now + policy.waits_at_most).astimezone(zone).date() - timedelta(days=1),
        priority=spoken(PRIORITY_LABELS[file.priority]),
        team=setup.team_name(file.team_id),
        clocks=views.deadlines(file, views.clock_start(file, answer), now, zone),
        reveal=spoken(labels.REVEAL_LABELS[tuple(known)]) if known else "",
        contact=contact if until is not None and file.may_contact is not False else None,
        shown_until=times.moment(until, now, zone) if until else "",
        survey=invitation.survey_name
        if invitation
        else await replicas.survey_name(uow, staff.tenant, answer.survey_id),
        invitation=invitation,
        bought=event_facts(invitation, await attributes_of(uow, staff.tenant)),
        links=filled_case_links(await links_of(uow, staff.tenant), _known_ids(file)),
        blocks=offered_blocks(
            await text_blocks_of(uow, staff.tenant),
            _known_words(file, invitation, frame.company),
            answer.language,
            now,
            zone,
        ),
        mail=await mail_form(
            *(uow, file, visible.answers, staff.name, frame.company), comes_back=mails_come_back
        ),
        asked_again=await asked_again_of(uow, staff, file.id, invitation),
        others=others,
        lines=timeline_lines(
            *(entries, None if has_older else invitation, earlier, moment),
            mails=await case_mails.states_of(uow, staff.tenant, file.id),
        ),
        older=entries[0].seq if has_older else None,
        paged=before is not None,
        mails=sentences.mails_sentence(await notifications.count_states(uow, staff.tenant, file.id, ids)),
        chosen=chosen,
        next=await _next_case(uow, staff, chosen, setup.teams_of(staff.id), file, zone),
        may_assign=staff.role in ASSIGNING_ROLES,
        colleagues=[(one.id, one.name) for one in await colleagues(uow, staff.tenant, visible.answers)],
    )
    return frame, page


def _known_ids(case: CaseFile) -> dict[str, str]:
    """What links into the company's systems are filled with; of an erased customer there is no id."""
    known = {"customer_id": case.customer_id, "event_id": case.event_id, "number": case.number}
    return {name: str(value) for name, value in known.items() if value is not None}


def _known_words(case: CaseFile, invitation: Invitation | None, company: str) -> dict[str, str]:
    """What text blocks are filled with."""
    known = {
        "name": invitation.customer.name if invitation is not None and not invitation.erased else None,
        "number": str(case.number),
        "company": company,
        "touchpoint": touchpoint_name(case.touchpoint) if case.touchpoint else None,
    }
    return {name: value for name, value in known.items() if value}


async def _of_the_customer(
    uow: UnitOfWork, staff: Staff, visible: VisibleCase
) -> tuple[list[Answer], list[tuple[VisibleCase, str]]]:
    """This person's answers that belong to no case shown here, and the other cases under their customer id.

    The cases come with the names of their customers.
    """
    case = visible.case
    if case.customer_id is None:
        return [], []
    found = await lists.other_cases_of_customer(uow, staff.tenant, case.customer_id, case.id, staff.segments)
    others = [visible_case(row) for row in found]
    shown = {answer for one in (visible, *others) for answer in one.answer_ids}
    earlier = [
        answer
        for answer in await replicas.answers_of_customer(uow, staff.tenant, case.customer_id)
        if answer.id not in shown
        and answer.measurement != "recovery"  # which stands with the case that was asked about
        and case.may_be_of(answer.person, answer.customer_id, answer.contact_key or "")
        and may_see(staff.segments, segments_of(answer))
    ]
    invited = await replicas.invitations(uow, staff.tenant, [other.answer.id for other in others])
    return earlier, [(other, views.name_of(invited.get(other.answer.id))) for other in others]


async def _next_case(
    uow: UnitOfWork,
    staff: Staff,
    chosen: InboxFilter,
    teams: Sequence[UUID],
    case: CaseFile,
    zone: ZoneInfo,
) -> views.CaseRow | None:
    """The case behind this one in the list; where there is none, the first one of it."""
    wanted = chosen.case_filter(staff, teams)
    wanted, _ = await searched(uow, staff.tenant, wanted, chosen.q, search_order(wanted, chosen.sort))
    found = await lists.next_in_list(
        *(uow, staff.tenant, wanted, case.id),
        sort=chosen.sort,
        limit=CASES_PER_PAGE + 1,
        offset=CASES_PER_PAGE * (chosen.page - 1),
    )
    row = await lists.one_case(uow, staff.tenant, found, staff.segments) if found else None
    if row is None:
        return None
    return (await views.case_rows(uow, staff, [visible_case(row)], zone, chosen.within))[0][0]


def _finding(name: str, case: CaseFile) -> str:
    facts = {"name": name, "score": sentences.score_with_article(case.score)}
    if case.anonymous:
        return translated("A customer gave %(score)s without a name.") % facts
    if case.may_contact is None:
        return translated("%(name)s gave %(score)s.") % facts
    if case.may_contact:
        return translated("%(name)s gave %(score)s and wants to be contacted.") % facts
    return translated("%(name)s gave %(score)s and does not want to be contacted.") % facts
