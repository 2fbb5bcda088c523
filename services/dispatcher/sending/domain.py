"""How a tenant sends: test or live, stopped or not, its test addresses and its placeholder ids."""

from typing import Literal

import msgspec

from shared.events import SendingMode
from shared.values.addresses import canonical_address

SendingAct = Literal["went live", "went back to test mode", "stopped all sending", "started sending again"]
"""What somebody did, as the log of changes and the page say it."""
STOPPED: SendingAct = "stopped all sending"
MAX_TEST_ADDRESSES = 50


class SendingChanged(Exception):
    """The tenant's sending has changed since it was read."""


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """How a tenant sends: to test addresses only, until somebody goes live."""

    mode: SendingMode = "test"
    stopped: bool = False
    test_addresses: frozenset[str] = frozenset()
    """In their canonical form."""
    placeholder_ids: frozenset[str] = frozenset()
    """Customer ids that stand for nobody, beside those that never do, folded."""

    def is_test(self, address: str | None) -> bool:
        """Whether this is one of the listed test addresses."""
        if address is None or not self.test_addresses:
            return False
        return canonical_address(address) in self.test_addresses
