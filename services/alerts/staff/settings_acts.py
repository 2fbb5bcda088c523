"""What the forms of the settings page do. A refusal names the field that is wrong."""

import hashlib
import json
from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

from services.alerts.cases.repository import overview
from services.alerts.errors import BadAccount
from services.alerts.notices import repository as notices
from services.alerts.staff import accounts
from services.alerts.staff.forms import AS_BROWSER, SettingsForm
from services.alerts.staff.passwords import MAX_PASSWORD_CHARS, password_fault
from services.alerts.staff.repository import people, sessions
from services.alerts.staff.sessions import session_id
from services.alerts.staff.sign_in import SignIn
from shared.db.database import UnitOfWork
from shared.http.staff_auth import Staff
from shared.privacy.audit import record_audit
from shared.tenancy.tenants import find_tenant
from shared.values.messages import Message, message


async def act(uow: UnitOfWork, staff: Staff, form: SettingsForm, languages: Collection[str]) -> None:
    """Do what a form asks for, beside a change of the password. ``languages`` are those of our pages."""
    match form.act:
        case "me":
            await _change_own(uow, staff, form, languages)
        case "everywhere":
            await sessions.delete_sessions(uow, staff.tenant, staff.id, except_session=session_id(staff))
        case "invite":
            segments = await _segments(uow, staff, form)
            person = await accounts.create_person(
                uow, staff.tenant, address=form.address, name=form.name, role=form.role, segments=segments
            )
            await notices.queue_invitation(uow, staff.tenant, person, by=staff.id)
            record_audit(
                uow,
                staff.tenant,
                staff.name,
                "person_invited",
                str(person),
                role=form.role,
                segments=len(segments),
            )
        case "change":
            await _change_person(uow, staff, form)
        case "link":
            found = await _managed_person(uow, staff, form)
            if not found.active:
                raise BadAccount("person", message("Nobody who may sign in."))
            await notices.queue_invitation(uow, staff.tenant, found.id, by=staff.id)
        case "deactivate":
            if not form.sure:
                raise BadAccount("person", message("Tick that it is meant."))
            found = await _managed_person(uow, staff, form)
            await accounts.dismiss(uow, staff.tenant, found.id)
            record_audit(uow, staff.tenant, staff.name, "person_deactivated", str(found.id))
        case "activate":
            found = await _managed_person(uow, staff, form)
            await accounts.readmit(uow, staff.tenant, found.id)
            record_audit(uow, staff.tenant, staff.name, "person_activated", str(found.id))


async def _change_own(uow: UnitOfWork, staff: Staff, form: SettingsForm, languages: Collection[str]) -> None:
    me = await people.find_person(uow, staff.tenant, staff.id, lock=True)
    if form.drawn and form.drawn != own_fingerprint(me):
        raise BadAccount(
            "name", message("You changed this elsewhere meanwhile. Look at both and save again.")
        )
    if form.language and form.language not in {AS_BROWSER, *languages}:
        raise BadAccount("language", message("Choose one of the languages."))
    name = accounts.clean_name(form.name)
    await people.set_preferences(uow, staff.tenant, staff.id, name=name, wants_mail=form.wants_mail == "on")
    if form.language:
        language = "" if form.language == AS_BROWSER else form.language
        await people.set_language(uow, staff.tenant, staff.id, language)


async def _change_person(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> None:
    person = await _managed_person(uow, staff, form)
    if form.drawn and form.drawn != person_fingerprint(person):
        raise BadAccount(
            "person",
            message(
                "Not saved: somebody changed what %(name)s may do and see meanwhile. The role is as it "
                "stands now, the segments are as you wrote them. Look at both and save again.",
                name=person.name,
            ),
        )
    segments = await _segments(uow, staff, form)
    await accounts.change_rights(uow, staff.tenant, person.id, role=form.role, segments=segments)
    record_audit(
        uow,
        staff.tenant,
        staff.name,
        "person_changed",
        str(person.id),
        role=form.role,
        segments=len(segments),
    )


async def _managed_person(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> Any:
    """The person of the form, who sees no more than the administrator does."""
    if form.person is None:
        raise BadAccount("person", message("Choose somebody."))
    found = await people.find_person(uow, staff.tenant, form.person)
    if found is None or not accounts.is_within(staff.segments, found.segments):
        raise BadAccount("person", message("There is nobody like that among your people."))
    return found


def own_fingerprint(me: Any) -> str:
    """What the form about oneself was rendered from: a stale form must not undo what it did not show."""
    # As in an earlier version where no language is chosen, so that the forms of one are not refused.
    return _fingerprint(me.name, me.wants_mail, *filter(None, [me.language]))


def person_fingerprint(person: Any) -> str:
    """The same of the form about a colleague."""
    return _fingerprint(person.role, person.segments, person.active)


def _fingerprint(*facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


async def _segments(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> list[str]:
    """The segments of the form, one on each line, none of them wider than what the administrator sees.

    :raises BadAccount: also when no case has come from one of them, until it is confirmed.
    """
    wanted = accounts.clean_segments(form.segments.splitlines())
    if not accounts.is_within(staff.segments, wanted):
        raise BadAccount("segments", message("You can let others see only what you see."))
    known, without_cases = await overview.segments_of_cases(uow, staff.tenant), []
    if known:  # a company without a case has none that could be misspelt
        without_cases = await overview.segments_without_cases(uow, staff.tenant, wanted)
    if without_cases and form.sure.split() != " ".join(without_cases).split():
        facts = {"segments": ", ".join(without_cases)}
        remedy = message("No case has come from %(segments)s yet. To keep it, save once more.", **facts)
        if similar := get_close_matches(without_cases[0], known, n=1):
            remedy = message(
                "No case has come from %(segments)s yet. Do you mean %(similar)s? "
                "To keep it, save once more.",
                **facts,
                similar=similar[0],
            )
        raise SegmentsWithoutCases(without_cases, remedy)
    return wanted


class SegmentsWithoutCases(BadAccount):
    """Segments that may be misspelt; sent again as they are they count."""

    def __init__(self, segments: list[str], remedy: Message) -> None:
        super().__init__("segments", remedy)
        self.segments = segments


async def change_password(sign_in: SignIn, staff: Staff, form: SettingsForm) -> None:
    """Replace a person's password, if they know the present one; their other sessions end.

    The hashes take their time, so no transaction is open meanwhile.
    """
    async with sign_in.database.reading() as uow:
        account = await people.find_person(uow, staff.tenant, staff.id)
        company = await find_tenant(uow, staff.tenant)
    password_hash = account.password_hash if account is not None else None
    current = form.current[: MAX_PASSWORD_CHARS + 1]
    if not all(await sign_in.passwords.matching([password_hash], current, times=1, known=True)):
        raise BadAccount("current", message("That is not your password."))
    own = (account.address if account is not None else "", company.name if company else "")
    if fault := password_fault(form.password, *own):
        raise BadAccount("password", fault)
    new_hash = await sign_in.passwords.hash(form.password)
    async with sign_in.database.transaction() as uow:
        await people.set_password_hash(uow, staff.tenant, staff.id, new_hash)
        await sessions.delete_sessions(uow, staff.tenant, staff.id, except_session=session_id(staff))
