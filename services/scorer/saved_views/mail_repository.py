"""``view_mail``: who gets a saved view every Monday."""

from datetime import datetime
from uuid import UUID

from shared.db.database import UnitOfWork
from shared.db.locks import lock_name
from shared.privacy.view_mails import WantedViewMail

FIND_WANTED = """
    SELECT wanted_at FROM view_mail WHERE tenant = :tenant AND view_id = :view AND staff_id = :person
"""


async def wanted_since(uow: UnitOfWork, tenant: str, view: UUID, person: UUID) -> datetime | None:
    """Since when a person gets a view every Monday; None: they do not."""
    values = {"tenant": tenant, "view": view, "person": person}
    return (await uow.execute(FIND_WANTED, values)).scalar_one_or_none()


async def is_wanted(uow: UnitOfWork, tenant: str, view: UUID, person: UUID) -> bool:
    """Whether a person gets a view every Monday."""
    return await wanted_since(uow, tenant, view, person) is not None


# Those that are mailed: of views that are shared no more a person neither sees nor stops the mail.
COUNT_OTHERS = """
    SELECT count(*) FROM view_mail m
    JOIN saved_view v ON v.tenant = m.tenant AND v.id = m.view_id AND (v.shared OR v.staff_id = m.staff_id)
    WHERE m.tenant = :tenant AND m.staff_id = :person AND m.view_id <> :view
"""


async def count_others(uow: UnitOfWork, tenant: str, person: UUID, view: UUID) -> int:
    """How many further views a person gets. Until the transaction ends, nobody else adds one of theirs."""
    await lock_name(uow, "view mails", tenant, str(person))
    values = {"tenant": tenant, "person": person, "view": view}
    return int((await uow.execute(COUNT_OTHERS, values)).scalar_one())


# The view is locked, so that it is not removed at the same time and leaves a mail behind.
ADD_WANTED = """
    INSERT INTO view_mail (tenant, view_id, staff_id, wanted_at)
    SELECT v.tenant, v.id, :person, :now FROM saved_view v
    WHERE v.tenant = :tenant AND v.id = :view
    FOR SHARE OF v
    ON CONFLICT DO NOTHING
"""


async def add_wanted(uow: UnitOfWork, tenant: str, view: UUID, person: UUID) -> None:
    """The person gets the view from now on; the same again changes nothing."""
    values = {"tenant": tenant, "view": view, "person": person, "now": uow.now}
    await uow.execute(ADD_WANTED, values)


DELETE_WANTED = """
    DELETE FROM view_mail WHERE tenant = :tenant AND view_id = :view AND staff_id = :person
    RETURNING view_id
"""


async def delete_wanted(uow: UnitOfWork, tenant: str, view: UUID, person: UUID) -> bool:
    """The person does not get the view any more; False: they did not before."""
    found = await uow.execute(DELETE_WANTED, {"tenant": tenant, "view": view, "person": person})
    return found.one_or_none() is not None


LIST_WANTED = """
    SELECT m.view_id, m.staff_id
    FROM view_mail m
    JOIN saved_view v ON v.tenant = m.tenant AND v.id = m.view_id AND (v.shared OR v.staff_id = m.staff_id)
    WHERE m.tenant = :tenant
    ORDER BY m.staff_id, m.view_id
"""


async def list_wanted(uow: UnitOfWork, tenant: str) -> list[WantedViewMail]:
    """Who of a company gets which view, without views that are not shared with them any more."""
    rows = await uow.execute(LIST_WANTED, {"tenant": tenant})
    return [WantedViewMail(view=row.view_id, staff=row.staff_id) for row in rows]
