"""The identity provider as the API takes and answers it: its client secret is taken, and never answered."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from services.alerts.staff.provider_commands import MAX_CHARS, MAX_PAIRS, WantedProvider
from services.alerts.staff.provider_sign_in import rules_of
from shared.http.request_body import StrictBody
from shared.permissions import Role

MAX_SECRET_CHARS = 4_000
ClaimValue = Annotated[str, Field(min_length=1, max_length=MAX_CHARS, description="A value of the claim.")]
PROVIDER_NAME = Field(description="The name that people know.", examples=["Entra"])
ISSUER = Field(
    description="The address before `/.well-known/openid-configuration`, just as the provider writes it.",
    examples=["https://login.example.com/acme"],
)
CLIENT_ID = Field(description="By which the provider knows us.", examples=["afterword"])
ROLE_CLAIM = Field(
    description="The claim with the role, such as `realm_access.roles`; empty: roles are given here.",
    examples=["groups"],
)
DEFAULT_ROLE = Field(description="Of whom no value gives a role; null: they are not let in.")
SEGMENTS_CLAIM = Field(
    description="The claim with the segments; empty: segments are given here, and who is new sees everything."
)
PROVISIONS = Field(description="Whether whoever comes for the first time gets an account.")
TRUSTS = Field(description="Whether addresses count as verified where the provider does not say so.")


class ClaimRole(StrictBody):
    """What a value of the claim means: a role."""

    value: ClaimValue
    role: Role


class ClaimSegment(StrictBody):
    """What a value of the claim means: a segment."""

    value: ClaimValue
    segment: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_CHARS,
            description="`dimension:value`; an asterisk opens everything.",
            examples=["store:aarhus"],
        ),
    ]


ROLES_OF_VALUES = Field(max_length=MAX_PAIRS, description="The first that somebody has counts.")
SEGMENTS_OF_VALUES = Field(
    max_length=MAX_PAIRS,
    description="All that somebody has count. Without one that is here nobody is let in.",
)


class IdentityProviderBody(StrictBody):
    """The settings of the provider; what is left out is empty or off, but for the secret."""

    name: Annotated[str, Field(min_length=1, max_length=MAX_CHARS), PROVIDER_NAME]
    issuer: Annotated[str, Field(min_length=1, max_length=MAX_CHARS), ISSUER]
    client_id: Annotated[str, Field(min_length=1, max_length=MAX_CHARS), CLIENT_ID]
    client_secret: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_SECRET_CHARS,
        description="Kept sealed and never answered. Left out: the one that is there stays, while "
        "`issuer` and `client_id` do.",
    )
    role_claim: Annotated[str, Field(max_length=MAX_CHARS), ROLE_CLAIM] = ""
    roles: Annotated[list[ClaimRole], ROLES_OF_VALUES] = []
    default_role: Annotated[Role | None, DEFAULT_ROLE] = None
    segments_claim: Annotated[str, Field(max_length=MAX_CHARS), SEGMENTS_CLAIM] = ""
    segments: Annotated[list[ClaimSegment], SEGMENTS_OF_VALUES] = []
    provisions: Annotated[bool, PROVISIONS] = False
    trusts_addresses: Annotated[bool, TRUSTS] = False

    def wanted(self) -> WantedProvider:
        """The settings that it states."""
        return WantedProvider(
            name=self.name,
            issuer=self.issuer,
            client_id=self.client_id,
            client_secret=self.client_secret or "",
            role_claim=self.role_claim,
            roles=[(one.value, one.role) for one in self.roles],
            default_role=self.default_role or "",
            segments_claim=self.segments_claim,
            segments=[(one.value, one.segment) for one in self.segments],
            provisions=self.provisions,
            trusts_addresses=self.trusts_addresses,
        )


class IdentityProviderChange(StrictBody):
    """Whether the provider is the only way in."""

    only_way: bool = Field(description="False: passwords let people in, too.")


class IdentityProviderOut(BaseModel):
    """How a company's people sign in through its identity provider."""

    name: Annotated[str, PROVIDER_NAME]
    issuer: Annotated[str, ISSUER]
    client_id: Annotated[str, CLIENT_ID]
    has_secret: Annotated[bool, Field(description="Whether there is a client secret; it is never answered.")]
    role_claim: Annotated[str, ROLE_CLAIM]
    roles: Annotated[list[ClaimRole], ROLES_OF_VALUES]
    default_role: Annotated[Role | None, DEFAULT_ROLE]
    segments_claim: Annotated[str, SEGMENTS_CLAIM]
    segments: Annotated[list[ClaimSegment], SEGMENTS_OF_VALUES]
    provisions: Annotated[bool, PROVISIONS]
    trusts_addresses: Annotated[bool, TRUSTS]
    only_way: Annotated[bool, Field(description="Whether passwords let nobody in; `PATCH` changes it.")]
    callback: Annotated[str, Field(description="The address to return to, as the provider must know it.")]
    sign_in_address: Annotated[str, Field(description="Where people begin.")]

    @classmethod
    def of(cls, provider: Any, *, callback: str, sign_in_address: str) -> Self:
        """The provider as the API answers it."""
        rules = rules_of(provider)
        return cls(
            name=provider.name,
            issuer=provider.issuer,
            client_id=provider.client_id,
            has_secret=provider.sealed is not None,
            role_claim=rules.role_claim,
            roles=[ClaimRole(value=value, role=role) for value, role in rules.roles],
            default_role=rules.default_role,
            segments_claim=rules.segments_claim,
            segments=[ClaimSegment(value=value, segment=segment) for value, segment in rules.segments],
            provisions=provider.provisions,
            trusts_addresses=provider.trusts_addresses,
            only_way=provider.only_way,
            callback=callback,
            sign_in_address=sign_in_address,
        )
