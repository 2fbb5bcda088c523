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


class LinkForm(BaseModel):
    """The password that a person chooses, and the name that colleagues read."""

    password: str = ""
    name: str = ""


SettingsAct = Literal["me", "password", "everywhere", "invite", "change", "link", "deactivate", "activate"]


AS_BROWSER = "browser"
"""The choice of no language: the browser's decides. (An empty field counts as one that was not sent.)"""


class SettingsForm(BaseModel):
    """What the forms of the page send."""

    act: SettingsAct
    person: UUID | None = None
    name: str = ""
    wants_mail: str = ""
    language: str = ""
    """Of pages and mails, or ``AS_BROWSER``; empty: a form of an earlier version, without this field."""
    current: str = ""
    password: str = ""
    address: str = ""
    role: str = ""
    segments: str = ""
    drawn: str = ""
    """The fingerprint of what the form was rendered from (own_fingerprint, person_fingerprint)."""
    sure: str = ""
    """A confirmation: to end a person's access, or the segments of which no case has come."""
