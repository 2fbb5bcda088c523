"""A member of staff's own address, as alerts tells the service in which they ask for a mail to themselves."""

from uuid import UUID

import msgspec

from shared.privacy.present_access import STAFF_CLAIM
from shared.privacy.service_client import ServiceClient, read_answer

OWN_ADDRESS_PATH = "own-address"


class OwnAddress(msgspec.Struct, frozen=True):
    """The address of an account."""

    address: str | None
    """None: there is no such person, or they may not sign in."""


async def own_address(services: ServiceClient, tenant: str, person: UUID) -> str | None:
    """The address of this person's account; None: there is no such person. The caller holds no connection.

    :raises ServiceUnavailable: when alerts does not answer.
    """
    claims = {STAFF_CLAIM: str(person)}
    body = await services.get_body(
        "alerts", OWN_ADDRESS_PATH, purpose="own-address", tenant=tenant, claims=claims
    )
    return read_answer("alerts", body, OwnAddress).address
