"""What can be wrong with a tenant or a key."""

from shared.events import CompanyState
from shared.values.messages import Message


class TenantExists(Exception):
    """A tenant has this short name already."""


class UnknownTenant(Exception):
    """No tenant has this short name."""


class UnknownKey(Exception):
    """The tenant has no such key."""


class BadTenant(Exception):
    """A value given for the tenant or its key is not allowed; the message says what to change.

    ``field`` names it as forms and bodies do.
    """

    def __init__(self, field: str, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.field, self.remedy = field, remedy


class WrongState(Exception):
    """The company is in a state of which this cannot become."""

    def __init__(self, tenant: str, state: CompanyState) -> None:
        super().__init__(f"{tenant} is {state}")
        self.state = state
