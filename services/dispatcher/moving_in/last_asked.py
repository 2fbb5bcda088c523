"""When another system has asked customers who have not answered: the quarantine counts from it."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from services.dispatcher.decisions.quarantine import keep_asked_elsewhere
from shared.db import UnitOfWork
from shared.db.database import Database
from shared.events import ANSWERS, Answer, Customer
from shared.ids import derived
from shared.privacy.erased import find_erased
from shared.privacy.persons import identity_of, person_of
from shared.privacy.subjects import Subject
from shared.values.csv_cells import plain_cell
from shared.values.text import normalized_text

CUSTOMERS_AT_ONCE = 500


async def keep_last_asked(database: Database, secret: str, tenant: str, file: BinaryIO) -> None:
    """Store when each customer of a file was last asked. The same again changes nothing.

    :param file: its rows have an address, a customer id and a time.
    """
    text = io.TextIOWrapper(file, "utf-8", newline="")
    try:
        rows = csv.reader(text)
        next(rows, None)
        while part := list(islice(rows, CUSTOMERS_AT_ONCE)):
            async with database.transaction() as uow:
                await _keep(uow, secret, tenant, part)
    finally:
        text.detach()


async def _keep(uow: UnitOfWork, secret: str, tenant: str, rows: Sequence[Sequence[str]]) -> None:
    asked: dict[str, datetime] = {}
    for email, customer_id, at in rows:
        address = normalized_text(plain_cell(email)) or None
        identity = identity_of(secret, tenant, Customer(id=plain_cell(customer_id), email=address))
        asked[identity] = max(datetime.fromisoformat(at), asked.get(identity, datetime.fromisoformat(at)))
    persons = {identity: person_of(secret, tenant, identity) for identity in asked if identity}
    subjects = {identity: Subject(tenant, person, None) for identity, person in persons.items()}
    erased = await find_erased(uow, subjects.values())
    # What the quarantine is told by an imported answer, of customers who gave none.
    told = [
        Answer(
            id=derived("last asked", tenant, identity),
            version=1,
            state="clicked",
            origin="import",
            customer_id=identity,
            person=persons[identity],
            invited_at=asked[identity],
            changed_at=uow.now,
        )
        for identity, subject in subjects.items()
        if subject not in erased
    ]
    await keep_asked_elsewhere(uow, [ANSWERS.event(tenant, answer, uow.now) for answer in told])
