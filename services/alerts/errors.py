"""Errors of alerts."""

from collections.abc import Sequence

from shared.http.validation_errors import FieldFault
from shared.values.messages import Message


class BadAccount(Exception):
    """An account cannot be made or changed like this: the field that is wrong, and what to do."""

    def __init__(self, field: str, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.field = field
        self.remedy = remedy


class SettingRefused(Exception):
    """What is wanted of a setting, such as a webhook, cannot be: the field, and the remedy."""

    def __init__(self, field: str, remedy: Message) -> None:
        super().__init__(field)
        self.field = field
        self.remedy = remedy


class SettingKeyReused(Exception):
    """The setting of this id is there already, and is another one."""


class SetupFaulty(Exception):
    """A company has not, or not any more, what its new setup names: the fields, and what is wrong."""

    def __init__(self, faults: Sequence[FieldFault]) -> None:
        super().__init__(", ".join(fault["field"] for fault in faults))
        self.faults = faults


class StaleForm(Exception):
    """Something was changed after a form about it was rendered, so the form must not be saved."""
