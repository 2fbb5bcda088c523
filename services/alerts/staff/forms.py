"""What the forms of sign-in and settings send."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel


class LoginForm(BaseModel):
    """Address and password."""

    address: str = ""
    password: str = ""
    next: str = "/"


class CompanyForm(BaseModel):
    """The company that was chosen."""

    tenant: str = ""
    next: str = "/"


class CodeForm(BaseModel):
    """The code of an app, or a recovery code; empty: none is asked for yet."""

    code: str = ""


class SecondFactorForm(BaseModel):
    """What a person does about their second factor."""

    act: Literal["begin", "confirm", "codes", "off"]
    code: str = ""


class SignInRuleForm(BaseModel):
    """Whether everybody is asked for a second factor."""

    act: Literal["require", "leave"]


class ProviderForm(BaseModel):
    """The settings of the identity provider."""

    act: Literal["save", "only", "both", "remove"]
    name: str = ""
    issuer: str = ""
    client_id: str = ""
    client_secret: str = ""
    """Empty: as it is."""
    role_claim: str = ""
    roles: str = ""
    """One pair on each line: value = role."""
    default_role: str = ""
    segments_claim: str = ""
    segments: str = ""
    """One pair on each line: value = dimension:value."""
    provisions: str = ""
    trusts_addresses: str = ""


class LinkForm(BaseModel):
    """The password that a person chooses, and the name that colleagues read."""

    password: str = ""
    name: str = ""


AS_BROWSER = "browser"
"""The choice of no language: the browser's decides. (An empty field counts as one that was not sent.)"""


class SettingsForm(BaseModel):
    """What a person sets for themselves."""

    act: Literal["me", "password"]
    name: str = ""
    language: str = ""
    """Of pages and mails, or ``AS_BROWSER``; empty: a form of an earlier version, without this field."""
    current: str = ""
    password: str = ""
    drawn: str = ""
    """The fingerprint of what the form was rendered from (own_fingerprint)."""


class SessionsForm(BaseModel):
    """Which of a person's sessions end."""

    act: Literal["everywhere", "end"]
    session: UUID | None = None


PeopleAct = Literal["invite", "change", "link", "reset", "sign_out", "deactivate", "activate", "teams"]


class PeopleForm(BaseModel):
    """What an administrator does to a colleague."""

    act: PeopleAct
    person: UUID | None = None
    name: str = ""
    address: str = ""
    role: str = ""
    segment: list[str] = []
    """Those that were ticked."""
    segments: str = ""
    """Others, one on each line."""
    team: list[str] = []
    """The teams that were ticked."""
    drawn: str = ""
    """The fingerprint of what the form was rendered from (person_fingerprint, membership_fingerprint)."""
    sure: str = ""
    """A confirmation: to end a person's access, or the segments of which no case has come."""
