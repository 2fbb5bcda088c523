"""A company's rules about contacts, and the version of them."""

from typing import NamedTuple

from shared.events import ContactRules


class PolicyChanged(Exception):
    """The rules have changed since they were read."""


class CompanyPolicy(NamedTuple):
    """A company's rules; version 0: it has set none, and has the defaults."""

    rules: ContactRules
    version: int


DEFAULT_POLICY = CompanyPolicy(ContactRules(), 0)
