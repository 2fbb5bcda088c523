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
from shared.secrets import customer_hash
from shared.values.csv_cells import plain_cell
from shared.values.text import normalized_text

CUSTOMERS_AT_ONCE = 500


async def keep_last_asked(database: Database, secret: str, tenant: str, file: BinaryIO) -> None:
    """Store when each customer of a file was last asked, under the id, the address and the number. The same
    again changes nothing.

    :param file: its rows have an address, a phone number in E.164, a customer id and a time.
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
    asked: dict[tuple[str, str | None], datetime] = {}
    for cells in rows:
        email, phone, customer_id, at = map(plain_cell, cells)
        asked_at = datetime.fromisoformat(at)
        named = [Customer(id=customer_id, email=normalized_text(email) or None, phone=phone or None)]
        if phone and email:  # who is asked by text next may come under the number alone
            named.append(Customer(id="", phone=phone))
        for customer in named:
            contact = customer.email or customer.phone
            identity = identity_of(secret, tenant, customer)
            name = identity, customer_hash(secret, tenant, contact) if contact else None
            asked[name] = max(asked_at, asked.get(name, asked_at))
    subjects = {
        (identity, contact): Subject(tenant, person_of(secret, tenant, identity), contact)
        for identity, contact in asked
        if identity
    }
    erased = await find_erased(uow, subjects.values())
    # What the quarantine is told by an imported answer, of customers who gave none.
    told = [
        Answer(
            id=derived("last asked", tenant, *filter(None, name)),
            version=1,
            state="clicked",
            origin="import",
            customer_id=name[0],
            contact_key=name[1],
            person=subject.person,
            invited_at=asked[name],
            changed_at=uow.now,
        )
        for name, subject in subjects.items()
        if subject not in erased
    ]
    await keep_asked_elsewhere(uow, [ANSWERS.event(tenant, answer, uow.now) for answer in told])
