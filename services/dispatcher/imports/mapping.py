"""How the columns of a file become the fields of items: chosen once, and remembered by company and kind."""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from services.dispatcher.imports.cells import DateOrder, Decimal, guess_order
from services.dispatcher.imports.fields import FIELDS, NAMING, Kind, find_field, guess_fields
from services.dispatcher.imports.tables import OWN_COLUMNS
from shared.values.messages import Message, alternatives, message
from shared.values.zones import zone_names

MAX_FIELDS = 100
Text = Annotated[str, Meta(max_length=200)]


class Mapping(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """What each field of an item is read from, and how times and numbers are written."""

    fields: Annotated[dict[Text, Text], Meta(max_length=MAX_FIELDS)] = {}
    """The column of a field."""
    values: Annotated[dict[Text, Text], Meta(max_length=MAX_FIELDS)] = {}
    """What a field is in every row."""
    dates: DateOrder = "ymd"
    decimal: Decimal = "point"
    time_zone: Text | None = None
    """Of times without an offset; None: the company's."""


class MappingFault(NamedTuple):
    """What is wrong with a mapping."""

    field: str
    """A JSON pointer into it."""
    detail: Message


def mapping_faults(kind: Kind, mapping: Mapping, columns: Sequence[str]) -> list[MappingFault]:
    """All that keeps the rows of a file with these columns from being read so."""
    faults = []
    for name, column in mapping.fields.items():
        if column not in columns:
            faults.append(
                MappingFault("/fields", message("The file has no column “%(column)s”.", column=column))
            )
        if name in mapping.values:
            faults.append(
                MappingFault("/values", message("“%(field)s” has a column and a value.", field=name))
            )
    for part, names in (("/fields", mapping.fields), ("/values", mapping.values)):
        faults += [
            MappingFault(part, message("There is no field “%(field)s” here.", field=name))
            for name in names
            if find_field(kind, name) is None
        ]
    given = {*mapping.fields, *(name for name, value in mapping.values.items() if value.strip())}
    for field in FIELDS[kind]:
        if field.required and field.name not in given:
            faults.append(
                MappingFault("/fields", message("Choose the column of “%(field)s”.", field=field.label))
            )
    if NAMING[kind] and not given.intersection(NAMING[kind]):
        faults.append(
            MappingFault(
                "/fields", message("Choose a column of %(fields)s.", fields=alternatives(NAMING[kind]))
            )
        )
    if mapping.time_zone is not None and mapping.time_zone not in zone_names():
        faults.append(
            MappingFault(
                "/time_zone", message("Is no time zone that we know. Write it like Europe/Copenhagen.")
            )
        )
    return faults


def guess_mapping(
    kind: Kind, columns: Sequence[str], rows: Sequence[Sequence[str]], remembered: Mapping | None
) -> Mapping:
    """The mapping of before where the file has its columns, else what names and first rows suggest."""
    if remembered is not None and set(remembered.fields.values()) <= set(columns):
        return remembered
    own = [column for column in columns if column not in OWN_COLUMNS]
    fields = guess_fields(kind, own)
    return Mapping(fields=fields, dates=guess_order([cell for row in rows for cell in row]))


def column_of(mapping: Mapping, pointer: str) -> str:
    """The column of the field that a fault is in, by its JSON pointer into the item; empty: the whole row."""
    name = pointer.strip("/").replace("/", ".").replace("~1", "/").replace("~0", "~")
    while name:
        for candidate in (name, name.replace("attributes.", "numbers.", 1)):
            if candidate in mapping.fields:
                return mapping.fields[candidate]
        name = name.rpartition(".")[0]
    return ""


def values_of(mapping: Mapping, columns: MappingOf[str, int], cells: Sequence[str]) -> dict[str, str]:
    """The text of each field in a row; what is empty is left out.

    :param columns: the place of each column.
    """
    found = {name: value.strip() for name, value in mapping.values.items() if value.strip()}
    for name, column in mapping.fields.items():
        place = columns[column]
        if place < len(cells) and cells[place]:
            found[name] = cells[place]
    return found
