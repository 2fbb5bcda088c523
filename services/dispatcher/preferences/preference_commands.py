"""Keep what a customer chooses, and find what they have chosen."""

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.preferences import NO_PREFERENCES, Preferences
from services.dispatcher.preferences import repository
from services.dispatcher.preferences.domain import PreferenceChoice, current
from services.dispatcher.suppressions.domain import SuppressionEntry, entries_of
from services.dispatcher.suppressions.suppression_commands import own_entries
from shared.db import UnitOfWork


async def find_preferences(uow: UnitOfWork, contact: ContactKey) -> Preferences:
    """What holds for the contact by now, by the address and by the id together."""
    rows = await repository.find(uow, contact.tenant, _entries(contact))
    return current(Preferences.of(rows), uow.now)


async def choose(uow: UnitOfWork, contact: ContactKey, choice: PreferenceChoice) -> bool:
    """Let the choice hold in place of what was chosen for the address or the id; whether it is another one.

    It is kept as an unsubscription is: under the address, and under the id unless others have that, too.
    """
    before = await find_preferences(uow, contact)
    preferences = choice.preferences(uow.now, before)
    await repository.remove(uow, contact.tenant, _entries(contact))
    if preferences != NO_PREFERENCES:
        own = [entry for entry in await own_entries(uow, contact) if not entry.earlier]
        await repository.store(uow, contact.tenant, own, preferences, contact.person)
    return preferences != before


def _entries(contact: ContactKey) -> list[SuppressionEntry]:
    """Those of today: no earlier version kept a preference."""
    return [entry for entry in entries_of(contact) if not entry.earlier]
