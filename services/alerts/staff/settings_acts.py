"""What the forms of a person's own settings do. A refusal names the field that is wrong."""

import hashlib
import json
from collections.abc import Collection
from typing import Any

from services.alerts.errors import BadAccount
from services.alerts.staff import accounts
from services.alerts.staff.forms import AS_BROWSER, SettingsForm
from services.alerts.staff.passwords import MAX_PASSWORD_CHARS, checked_password
from services.alerts.staff.repository import people, sessions
from services.alerts.staff.sessions import session_id
from services.alerts.staff.sign_in import SignIn
from shared.db.database import UnitOfWork
from shared.http.staff_auth import Staff
from shared.tenancy.tenants import find_tenant
from shared.values.messages import message


async def change_own(uow: UnitOfWork, staff: Staff, form: SettingsForm, languages: Collection[str]) -> None:
    """Change a person's name and language. ``languages`` are those of our pages."""
    me: Any = await people.find_person(uow, staff.tenant, staff.id, lock=True)
    if form.drawn and form.drawn != own_fingerprint(me):
        raise BadAccount(
            "name", message("You changed this elsewhere meanwhile. Look at both and save again.")
        )
    if form.language and form.language not in {AS_BROWSER, *languages}:
        raise BadAccount("language", message("Choose one of the languages."))
    name = accounts.clean_name(form.name)
    await people.set_name(uow, staff.tenant, staff.id, name)
    if form.language:
        language = "" if form.language == AS_BROWSER else form.language
        await people.set_language(uow, staff.tenant, staff.id, language)


def own_fingerprint(me: Any) -> str:
    """What the form about oneself was rendered from: a stale form must not undo what it did not show."""
    # As in an earlier version where no language is chosen, so that the forms of one are not refused.
    return fingerprint(me.name, me.wants_mail, *filter(None, [me.language]))


def fingerprint(*facts: Any) -> str:
    """A short digest of facts."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


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
    if fault := await checked_password(form.password, *own):
        raise BadAccount("password", fault)
    new_hash = await sign_in.passwords.hash(form.password)
    async with sign_in.database.transaction() as uow:
        await people.set_password_hash(uow, staff.tenant, staff.id, new_hash)
        await sessions.delete_sessions(uow, staff.tenant, staff.id, except_session=session_id(staff))
