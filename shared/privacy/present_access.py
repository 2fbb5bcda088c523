"""What a member of staff may see at this moment, as alerts answers it to the other services.

The access pass of a browser says so for minutes; what outlives every pass, as the screen that a person has
set up, is asked about anew each time.
"""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from shared.permissions import Role
from shared.privacy.service_client import ServiceClient, read_answer

PRESENT_ACCESS_PATH = "present-access"
STAFF_CLAIM = "staff"


class PresentAccess(msgspec.Struct, frozen=True, kw_only=True):
    """The role and the segments of a person."""

    role: Role | None
    """None: there is no such person, or they may not sign in."""
    segments: tuple[str, ...] = ()
    """The only ones that they may see; none: all of them."""


@dataclass(frozen=True)
class PeopleAccess:
    """Asks alerts."""

    services: ServiceClient

    async def of(self, tenant: str, person: UUID) -> PresentAccess:
        """What this person may see now. The caller holds no database connection.

        :raises ServiceUnavailable: when alerts does not answer.
        """
        body = await self.services.get_body(
            "alerts", PRESENT_ACCESS_PATH, purpose="access", tenant=tenant, claims={STAFF_CLAIM: str(person)}
        )
        return read_answer("alerts", body, PresentAccess)
