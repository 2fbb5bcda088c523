"""The versions of the rules about cases: what each has changed, and one of them, to be restored."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.cases import times
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SetupFaulty
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.rules.callers import StaffRulesEditor, StaffRulesReader
from services.alerts.rules.domain import CaseRules
from services.alerts.rules.labels import RULE_LABELS
from services.alerts.rules.rule_commands import (
    RulesChanged,
    SavedRules,
    earlier_versions,
    find_rules,
    newest_rules,
    restore_rules,
)
from services.alerts.rules.rule_words import PART_LABELS, rule_words
from services.alerts.rules.setup import CompanySetup
from services.alerts.rules.version_changes import RuleChange, changes_between_rules
from shared.db.database import UnitOfWork
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts
from shared.http.numbers import MAX_INTEGER, whole_number
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.http.validation_errors import FieldFault
from shared.pages.language import spoken, translated
from shared.pages.page import Frame, Page
from shared.permissions import EDITING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import Message, message
from shared.values.zones import zone_of

router = APIRouter(prefix="/rules/versions", include_in_schema=False, route_class=CheckedRoute)
VersionNumber = Annotated[int, Path(ge=0, le=MAX_INTEGER)]
SHOWN_VERSIONS = 20
SHOWN_CHANGES = 4
"""Of each version in the list."""
MEANWHILE = message(
    "Nothing was restored: somebody has changed the rules meanwhile. Look at what differs now."
)
_PARTS_BEFORE_RULE = 2
"""Of the place of a fault, such as ``/rules/0/to/team``: what stands before the rule's parts."""


@dataclass(frozen=True, kw_only=True)
class VersionLine:
    """A version in the list."""

    number: int
    saved: str
    """When; empty: nobody has saved it."""
    by: str
    changes: Sequence[str]
    """What it has changed, as sentences."""
    more: int
    """Changes beside these."""


@dataclass(frozen=True, kw_only=True)
class RulesVersionsPage(Page):
    """The versions, the newest first."""

    template: ClassVar[str] = "rules_versions.html"
    lines: Sequence[VersionLine]
    current: int
    """The number of the version that holds."""
    older: int | None
    """Before which version the next page begins."""


@dataclass(frozen=True, kw_only=True)
class ShownRule:
    """A rule in words."""

    name: str
    said: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class RulesVersionPage(Page):
    """What one version says, and what would change if it were restored."""

    template: ClassVar[str] = "rules_version.html"
    number: int
    saved: str
    rules: Sequence[ShownRule]
    routing: Sequence[tuple[str, str]]
    changes: Sequence[RuleChange]
    """From the rules that hold to this version."""
    current: int
    refusal: str
    faults: Sequence[str]
    may_edit: bool


@router.get("")
async def list_versions(
    request: Request,
    staff: StaffRulesReader,
    context: OwnContext,
    before: Annotated[int | None, Query(ge=1, le=MAX_INTEGER)] = None,
) -> Response:
    """The versions with what each has changed."""
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        found = await earlier_versions(uow, staff.tenant, SHOWN_VERSIONS + 1, before)
        frame = await _frame(uow, staff)
        zone, now = zone_of(frame.time_zone), uow.now
    lines = [
        _line(version, previous, setup, saved=times.moment(version.saved_at, now, zone))
        for version, previous in pairwise(found)
        if version.saved_at is not None
    ]
    is_last = found[-1].version == 0
    if is_last:
        lines.append(VersionLine(number=0, saved="", by="", changes=(), more=0))
    page = RulesVersionsPage(
        lines=lines, current=setup.rules_version, older=None if is_last else found[-2].version
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.get("/{version}")
async def show_version(
    request: Request, staff: StaffRulesReader, context: OwnContext, version: VersionNumber
) -> Response:
    """One version."""
    return await _show(request, staff, context, version)


@router.post("/{version}")
async def restore_version(
    request: Request, staff: StaffRulesEditor, _: CsrfChecked, context: OwnContext, version: VersionNumber
) -> Response:
    """Make it the current one again, as a new version."""
    typed = whole_number((await read_texts(request)).get("seen", ""))
    seen = -1 if typed is None else typed
    try:
        async with context.database.transaction() as uow:
            restored = await restore_rules(uow, staff.tenant, AuditActor.of_staff(staff), version, seen)
    except RulesChanged:
        return await _show(request, staff, context, version, refusal=MEANWHILE, status_code=409)
    except SetupFaulty as error:
        refusal = message("Nothing was restored. Change this by hand in the rules of today:")
        return await _show(
            request, staff, context, version, refusal=refusal, faults=error.faults, status_code=422
        )
    if restored is None:
        raise Problem(404)
    return RedirectResponse("/rules?did=restored", 303)


async def _show(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    version: int,
    *,
    refusal: Message | None = None,
    faults: Sequence[FieldFault] = (),
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        found = await find_rules(uow, staff.tenant, version)
        current = await newest_rules(uow, staff.tenant)
        frame = await _frame(uow, staff)
        now = uow.now
    if found is None:
        raise Problem(404)
    saved = ""
    if found.saved_at is not None:
        facts = {"name": found.saved_by, "at": times.moment(found.saved_at, now, zone_of(frame.time_zone))}
        saved = translated("Saved by %(name)s, %(at)s.") % facts
    page = RulesVersionPage(
        number=found.version,
        saved=saved,
        rules=[_shown(found.rules, number, setup) for number in range(len(found.rules.rules))],
        routing=[
            (spoken(RULE_LABELS[part]), field)
            for part in ("account_manager", "handler")
            if (field := getattr(found.rules, part))
        ],
        changes=changes_between_rules(current.rules, found.rules, setup),
        current=current.version,
        refusal=spoken(refusal) if refusal is not None else "",
        faults=[_fault(found.rules, fault) for fault in faults],
        may_edit=staff.role in EDITING_ROLES,
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _frame(uow: UnitOfWork, staff: Staff) -> Frame:
    counts = await open_case_counts(uow, staff) if staff.works_on_cases else None
    return await staff_frame(
        uow, staff, here="settings", open_cases=counts.open if counts is not None else None
    )


def _line(version: SavedRules, previous: SavedRules, setup: CompanySetup, *, saved: str) -> VersionLine:
    changes = changes_between_rules(previous.rules, version.rules, setup)
    return VersionLine(
        number=version.version,
        saved=saved,
        by=version.saved_by,
        changes=[change.sentence for change in changes[:SHOWN_CHANGES]],
        more=len(changes[SHOWN_CHANGES:]),
    )


def _shown(rules: CaseRules, number: int, setup: CompanySetup) -> ShownRule:
    rule = rules.rules[number]
    said = [(spoken(PART_LABELS[key]), words) for key, words in rule_words(rule, setup).items()]
    return ShownRule(name=rule.name, said=said)


def _fault(rules: CaseRules, fault: FieldFault) -> str:
    """A fault with the name of its rule."""
    place = fault["field"].strip("/").split("/")
    number = whole_number(place[1]) if len(place) >= _PARTS_BEFORE_RULE else None
    detail = spoken(fault["detail"])
    if number is None or number >= len(rules.rules):
        return detail
    return translated("%(rule)s: %(fault)s") % {"rule": rules.rules[number].name, "fault": detail}
