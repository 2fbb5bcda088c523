"""The form of a new wave: what was typed, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from pydantic import ValidationError

from services.dispatcher.typed_times import HOUR_UNITS, time_fields, typed_time
from services.dispatcher.waves.drawing import DEFAULT_SPREAD_HOURS, MAX_MARGIN, MAX_SPREAD_HOURS, MIN_MARGIN
from services.dispatcher.waves.labels import FIELD_LABELS
from services.dispatcher.waves.schemas import WaveBody
from services.dispatcher.waves.wave_commands import WaveRequest
from shared.http.form_texts import read_texts
from shared.http.numbers import whole_number
from shared.pages.language import spoken
from shared.values.messages import Message, message

SEPARATORS = (":", "=")
REMEDIES: dict[str, Message] = {
    "survey_id": message("Choose a survey."),
    "size": message("Write how many customers, or a margin below, one of the two."),
    "margin": message(
        "Write whole points from %(least)s to %(most)s, or how many customers above, one of the two.",
        least=MIN_MARGIN,
        most=MAX_MARGIN,
    ),
    "segments": message("Write one on each line, such as store: aarhus."),
    "start_at": message("Write a day and a time, or leave it empty: now."),
    "spread": message(
        "Write a whole number, 0 or more; %(most)s days are the most.",
        most=MAX_SPREAD_HOURS // HOUR_UNITS["days"],
    ),
}


class BadForm(Exception):
    """What was typed cannot be understood."""

    def __init__(self, faults: Mapping[str, Message]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class WaveForm:
    """The form as it was typed: a fault never clears a field."""

    fields: Mapping[str, str]
    faults: Mapping[str, Message] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Each field with a fault, by its label."""
        return [(name, f"{spoken(FIELD_LABELS[name])}: {self.fault(name)}") for name in self.faults]

    def fault(self, name: str) -> str:
        """What is wrong with a field; empty when nothing is."""
        return spoken(self.faults.get(name, ""))

    def refused(self, faults: Mapping[str, Message]) -> "WaveForm":
        """The same with what is wrong."""
        return replace(self, faults=faults)

    def request(self, zone: ZoneInfo) -> WaveRequest:
        """What is wanted.

        :param zone: of the time that was typed.
        :raises BadForm: naming the fields.
        """
        values: dict[str, Any] = {"survey_id": self["survey_id"], "segments": self._segments()}
        for name in ("size", "margin"):
            if text := self[name].strip():
                number = whole_number(text)
                values[name] = text if number is None else number
        values["spread_hours"] = typed_time(self.fields, "spread", HOUR_UNITS)
        if start := self["start_at"].strip():
            try:
                values["start_at"] = datetime.fromisoformat(start).replace(tzinfo=zone)
            except ValueError:
                raise BadForm({"start_at": REMEDIES["start_at"]}) from None
        try:
            return WaveBody.model_validate(values).request()
        except ValidationError as error:
            names = [str(each["loc"][0]) if each["loc"] else "size" for each in error.errors()]
            names = ["spread" if name == "spread_hours" else name for name in names]
            raise BadForm({name: REMEDIES[name] for name in names if name in REMEDIES}) from None

    def _segments(self) -> dict[str, str]:
        """Of lines such as ``store: aarhus``.

        :raises BadForm: when a line is none.
        """
        segments: dict[str, str] = {}
        for line in filter(None, map(str.strip, self["segments"].splitlines())):
            at = min((line.find(sign) for sign in SEPARATORS if sign in line), default=-1)
            name, value = line[:at].strip(), line[at + 1 :].strip()
            if at < 1 or not value or name in segments:
                raise BadForm({"segments": REMEDIES["segments"]})
            segments[name] = value
        return segments


NEW_FORM = WaveForm(time_fields("spread", DEFAULT_SPREAD_HOURS, HOUR_UNITS))


async def read_form(request: Request) -> WaveForm:
    """What was typed; a field that was not sent is as in a new form.

    :raises Problem: 400 when a part of it is no text.
    """
    return WaveForm({**NEW_FORM.fields, **await read_texts(request)})
