"""Errors of alerts."""


class BadAccount(Exception):
    """An account cannot be made or changed like this: the field that is wrong, and what to do."""

    def __init__(self, field: str, remedy: str) -> None:
        super().__init__(remedy)
        self.field = field
        self.remedy = remedy
