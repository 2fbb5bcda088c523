"""Whose a row of a file is, as far as its cells say it."""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence

from services.dispatcher.imports.domain import Import
from services.dispatcher.imports.fields import Kind, guess_fields
from services.dispatcher.imports.mapping import Mapping, values_of
from services.dispatcher.imports.tables import clean_cell
from shared.events import Customer
from shared.values.phone import e164_number
from shared.values.places import country_of
from shared.values.text import normalized_text

HASH_FIELD = "address_hash"


def mapping_of(job: Import) -> Mapping:
    """The columns of a file; of one that nobody has begun, as their names suggest them."""
    if job.mapping.fields:
        return job.mapping
    return Mapping(fields=guess_fields(job.kind, job.columns))


def texts_of(mapping: Mapping, columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """The texts of a row, by field."""
    places = {name: place for place, name in enumerate(columns)}
    return values_of(mapping, places, [clean_cell(cell) for cell in cells])


def customer_of(kind: Kind, texts: MappingOf[str, str], home: str | None) -> Customer | None:
    """Whom a row of a file of this kind names; None: nobody.

    :param home: in whose form phone numbers are read where the row names no country.
    """

    def text(*names: str) -> str:
        return next((normalized_text(texts[name]) for name in names if texts.get(name)), "")

    country = country_of(text("customer.country", "country"))
    phone = text("customer.phone", "phone")
    customer = Customer(
        id=text("customer.id", "customer_id", *(("id",) if kind == "customers" else ())),
        email=text("customer.email", "email") or None,
        phone=e164_number(phone, country or home) or phone or None,
    )
    return customer if customer.id or customer.email or customer.phone else None
