"""The form by which the columns of a file are mapped."""

from collections.abc import Mapping as MappingOf

import msgspec

from services.dispatcher.imports.domain import Import
from services.dispatcher.imports.fields import PREFIXES
from services.dispatcher.imports.mapping import Mapping, MappingFault
from shared.values.messages import message


class BadMappingForm(Exception):
    """The form says what no mapping can."""

    def __init__(self, faults: list[MappingFault]) -> None:
        super().__init__(", ".join(fault.field for fault in faults))
        self.faults = faults


def mapping_of_form(job: Import, form: MappingOf[str, str]) -> Mapping:
    """The mapping that a form says; its fields are numbered by the places of the columns.

    :raises BadMappingForm: when two columns are one field, or a value is none that can be chosen.
    """
    fields: dict[str, str] = {}
    faults = []
    for place, column in enumerate(job.columns):
        name = form.get(f"as-{place}", "")
        if name in PREFIXES[job.kind]:
            name += " ".join(form.get(f"name-{place}", "").split()) or column
        if not name:
            continue
        if name in fields:
            twice = message(
                "“%(first)s” and “%(second)s” cannot be the same.", first=fields[name], second=column
            )
            faults.append(MappingFault(f"as-{place}", twice))
        fields[name] = column
    if faults:
        raise BadMappingForm(faults)
    values = {
        name.removeprefix("value-"): text.strip()
        for name, text in form.items()
        if name.startswith("value-") and text.strip()
    }
    written = {
        "fields": fields,
        "values": {name: text for name, text in values.items() if name not in fields},
        "dates": form.get("dates", "ymd"),
        "decimal": form.get("decimal", "point"),
        "time_zone": form.get("time_zone", "").strip() or None,
    }
    try:
        return msgspec.convert(written, Mapping)
    except msgspec.ValidationError:
        raise BadMappingForm([MappingFault("dates", message("Choose one of these."))]) from None
