"""Sign-in through an identity provider: code flow with PKCE, state and nonce bound to the browser."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from itsdangerous import BadSignature, URLSafeTimedSerializer

from services.alerts.staff.id_tokens import UnpublishedKey, verified_claims
from services.alerts.staff.provider_claims import ClaimRules
from services.alerts.staff.provider_errors import ProviderFailed
from services.alerts.staff.provider_http import Metadata, ProviderHttp
from shared.clock import Clock
from shared.sealed import SealBroken, seal, unseal
from shared.secrets import derive
from shared.values.messages import message

PROVIDER_COOKIE = "aw_provider"
PROVIDER_LIFETIME_S = 900
"""From the way to the provider until the return."""
SCOPES = "openid email profile"
CALLBACK = "/login/provider/callback"
MAX_CODE_CHARS = 4_000
STATE_REFUSED = message("This sign-in was begun in another browser, or too long ago. Begin again.")


@dataclass(frozen=True, slots=True)
class BegunSignIn:
    """What a browser keeps between the way to the provider and the return. It gives no access."""

    tenant: str
    state: str
    nonce: str
    verifier: str
    goal: str
    person: UUID | None = None
    """Whose account is to be linked; None: whoever it is signs in."""


class ProviderSignIn:
    """Leads to the provider and proves who comes back."""

    def __init__(self, secret: str, staff_url: str, http: ProviderHttp, clock: Clock) -> None:
        self._secret, self._staff_url, self._clock = secret, staff_url, clock
        self.http = http
        self._serializer = URLSafeTimedSerializer(
            derive(secret, "sign-in through a provider"),
            salt="afterword.provider-sign-in",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    @property
    def callback(self) -> str:
        """The address to which the provider returns, as it must know it."""
        return f"{self._staff_url}{CALLBACK}"

    def address_of(self, tenant: str) -> str:
        """Where the people of a company begin."""
        return f"{self._staff_url}/login/provider?{urlencode({'company': tenant})}"

    async def begin(self, provider: Any, goal: str, person: UUID | None = None) -> tuple[str, str]:
        """The address of the provider that asks who it is, and the cookie that waits for the return.

        :raises ProviderFailed: when the provider cannot be asked.
        """
        metadata = await self.http.metadata(provider.issuer)
        begun = BegunSignIn(
            provider.tenant,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            goal=goal,
            person=person,
        )
        query = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": self.callback,
            "scope": SCOPES,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": create_s256_code_challenge(begun.verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        cookie = str(self._serializer.dumps(msgspec.to_builtins(begun)))
        return f"{metadata.authorization_endpoint}{joint}{urlencode(query)}", cookie

    def returned(self, cookie: str, state: str) -> BegunSignIn:
        """The sign-in that this browser began and that has this state.

        :raises ProviderFailed: when there is none.
        """
        try:
            found = self._serializer.loads(cookie, max_age=PROVIDER_LIFETIME_S)
            begun = msgspec.convert(found, BegunSignIn)
        except (BadSignature, msgspec.ValidationError):
            raise ProviderFailed(STATE_REFUSED) from None
        if not hmac.compare_digest(begun.state.encode(), state.encode("utf-8", "replace")):
            raise ProviderFailed(STATE_REFUSED)
        return begun

    async def claims(self, provider: Any, begun: BegunSignIn, code: str, issuer: str) -> dict[str, Any]:
        """The proven claims of who has come back with this code.

        :param issuer: who answers, as the answer says (RFC 9207); empty where it does not.
        :raises ProviderFailed: when they are not proven.
        """
        if issuer and issuer != provider.issuer:
            raise ProviderFailed(message("Another provider answers than the one that was asked."))
        metadata = await self.http.metadata(provider.issuer)
        form = {
            "grant_type": "authorization_code",
            "code": code[:MAX_CODE_CHARS],
            "redirect_uri": self.callback,
            "code_verifier": begun.verifier,
        }
        answer = await self.http.token(metadata, provider.client_id, self._client_secret(provider), form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderFailed(message("The provider gives no ID token. Is the scope openid allowed?"))
        claims = await self._verified(metadata, provider, begun, token)
        return await self._completed(metadata, provider, claims, answer.get("access_token"))

    def sealed(self, tenant: str, client_secret: str) -> bytes:
        """The client's secret as it is kept."""
        return seal(self._secret, _about(tenant), client_secret.encode())

    async def end_address(self, provider: Any) -> str | None:
        """Where somebody signs out of the provider, too (RP-Initiated Logout 1.0); None: nowhere.

        :raises ProviderFailed: when the provider cannot be asked.
        """
        metadata = await self.http.metadata(provider.issuer)
        if metadata.end_session_endpoint is None:
            return None
        query = urlencode(
            {"client_id": provider.client_id, "post_logout_redirect_uri": f"{self._staff_url}/login"}
        )
        joint = "&" if "?" in metadata.end_session_endpoint else "?"
        return f"{metadata.end_session_endpoint}{joint}{query}"

    async def _verified(
        self, metadata: Metadata, provider: Any, begun: BegunSignIn, token: str
    ) -> dict[str, Any]:
        for anew in (False, True):
            try:
                return verified_claims(
                    token,
                    await self.http.keys(metadata, anew=anew),
                    issuer=provider.issuer,
                    client_id=provider.client_id,
                    nonce=begun.nonce,
                    now=int(self._clock().timestamp()),
                )
            except UnpublishedKey:
                continue
        raise ProviderFailed(
            message("The token of the provider is signed with a key that it does not publish.")
        )

    async def _completed(
        self, metadata: Metadata, provider: Any, claims: dict[str, Any], access_token: Any
    ) -> dict[str, Any]:
        """The claims, with those that the provider tells only when it is asked for them."""
        rules = rules_of(provider)
        wanted = {"email", rules.role_claim.split(".")[0], rules.segments_claim.split(".")[0]} - {""}
        missing = wanted - set(claims)
        if not missing or metadata.userinfo_endpoint is None or not isinstance(access_token, str):
            return claims
        further = await self.http.userinfo(metadata, access_token)
        if further.get("sub") != claims["sub"]:
            raise ProviderFailed(message("The provider tells claims of somebody else."))
        return {**further, **claims}

    def _client_secret(self, provider: Any) -> str | None:
        if provider.sealed is None:
            return None
        try:
            return unseal(self._secret, _about(provider.tenant), bytes(provider.sealed)).decode()
        except SealBroken:
            raise ProviderFailed(
                message("The secret of the client cannot be read any more. An administrator enters it again.")
            ) from None


def rules_of(provider: Any) -> ClaimRules:
    """What the claims of this provider mean."""
    return msgspec.convert(provider.claims, ClaimRules)


def _about(tenant: str) -> str:
    return f"identity-provider/{tenant}"
