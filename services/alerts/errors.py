"""Errors of alerts."""

from shared.values.messages import Message


class BadAccount(Exception):
    """An account cannot be made or changed like this: the field that is wrong, and what to do."""

    def __init__(self, field: str, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.field = field
        self.remedy = remedy


class StaleForm(Exception):
    """Something was changed after a form about it was rendered, so the form must not be saved."""
