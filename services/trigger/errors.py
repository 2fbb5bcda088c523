"""What can be wrong with a tenant or a key."""


class TenantExists(Exception):
    """A tenant has this short name already."""


class UnknownTenant(Exception):
    """No tenant has this short name."""


class UnknownKey(Exception):
    """The tenant has no such key."""


class BadTenant(Exception):
    """A value given for the tenant or its key is not allowed; the message says what to change."""
