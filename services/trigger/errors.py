"""What can be wrong with a tenant or a key."""


class TenantExists(Exception):
    """There is a tenant of this short name already."""


class UnknownTenant(Exception):
    """There is no tenant of this short name."""


class UnknownKey(Exception):
    """The tenant has no such key."""


class BadTenant(Exception):
    """What was said of the tenant cannot be so; the message says what to change."""
