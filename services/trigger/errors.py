"""What can be wrong with an event, a tenant or a key."""

from shared.values.messages import Message


class TenantExists(Exception):
    """A tenant has this short name already."""


class UnknownTenant(Exception):
    """No tenant has this short name."""


class UnknownKey(Exception):
    """The tenant has no such key."""


class BadTenant(Exception):
    """A value given for the tenant or its key is not allowed; the message says what to change."""


class Unacceptable(Exception):
    """The event cannot be accepted: the field, as a JSON pointer, and the remedy."""

    def __init__(self, field: str, remedy: Message | str) -> None:
        super().__init__(field)
        self.field = field
        self.remedy = remedy
