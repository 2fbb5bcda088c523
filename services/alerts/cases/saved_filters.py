"""Lists of cases that a person has saved under a name: what the API and the page do."""

import json
from uuid import UUID

import msgspec
from pydantic import ValidationError

from services.alerts.cases.forms import ListFilter
from services.alerts.cases.repository import saved_filters as repository
from services.alerts.errors import SettingRefused
from shared.db.database import UnitOfWork
from shared.values.messages import Count, message

MAX_SAVED_FILTERS = 30
"""Of one person."""
MAX_NAME_CHARS = 60


class SavedFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A list of cases under a name."""

    id: UUID
    name: str
    filter: ListFilter


async def saved_filters(uow: UnitOfWork, tenant: str, person: UUID) -> list[SavedFilter]:
    """What this person has saved, by name; what this version does not know of a list is left out of it."""
    rows = await repository.find_saved_filters(uow, tenant, person)
    return [SavedFilter(id=row.id, name=row.name, filter=_known(row.body)) for row in rows]


def _known(body: str) -> ListFilter:
    """The filter as it is stored, without what another version wrote that this one cannot read."""
    stored = json.loads(body)
    try:
        return ListFilter.model_validate(stored)
    except ValidationError as error:
        unknown = {fault["loc"][0] for fault in error.errors() if fault["loc"]}
        return ListFilter.model_validate(
            {name: value for name, value in stored.items() if name not in unknown}
        )


async def save_filter(
    uow: UnitOfWork, tenant: str, person: UUID, key: UUID, name: str, chosen: ListFilter
) -> SavedFilter:
    """Save a list, or save it anew under its id.

    :raises SettingRefused: when it has no name or a long one, or the person has saved too many.
    """
    name = name.strip()
    if not name:
        raise SettingRefused("name", message("Give the list a name."))
    if len(name) > MAX_NAME_CHARS:
        most = Count(MAX_NAME_CHARS)
        raise SettingRefused("name", message("Choose a name of %(most)s characters at most.", most=most))
    await repository.lock_person(uow, tenant, person)
    others = [row for row in await repository.find_saved_filters(uow, tenant, person) if row.id != key]
    if len(others) >= MAX_SAVED_FILTERS:
        most = Count(MAX_SAVED_FILTERS)
        raise SettingRefused("name", message("You have %(most)s lists already. Delete one first.", most=most))
    kept = ListFilter.model_validate(chosen.model_dump(include=set(ListFilter.model_fields)))
    await repository.write_saved_filter(uow, tenant, person, key, name, kept.model_dump_json())
    return SavedFilter(id=key, name=name, filter=kept)


async def rename_filter(uow: UnitOfWork, tenant: str, person: UUID, key: UUID, name: str) -> bool:
    """Give a saved list another name; False if there is none.

    :raises SettingRefused: as :func:`save_filter`.
    """
    found = next((one for one in await saved_filters(uow, tenant, person) if one.id == key), None)
    if found is None:
        return False
    await save_filter(uow, tenant, person, key, name, found.filter)
    return True
