"""What can be wrong with an event, a tenant or a key."""


class TenantExists(Exception):
    """There is a tenant of this short name already."""


class UnknownTenant(Exception):
    """There is no tenant of this short name."""


class UnknownKey(Exception):
    """The tenant has no such key."""


class BadTenant(Exception):
    """What was said of the tenant cannot be so; the message says what to change."""


class Unacceptable(Exception):
    """This event cannot be accepted: the field, as a JSON pointer, and the remedy."""

    def __init__(self, field: str, remedy: str) -> None:
        super().__init__(field)
        self.field = field
        self.remedy = remedy
