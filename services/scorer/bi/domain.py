"""Names and passwords of the roles with which tools sign in. Pure, but for chance."""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime
from typing import NamedTuple

ROLE_PREFIX = "bi_"
_ROLE = re.compile(rf"{ROLE_PREFIX}[0-9a-f]{{12}}")
PASSWORD_BYTES = 24
SCRAM_ITERATIONS = 4096
"""As PostgreSQL has it. The password is of chance, so more would protect nothing."""
MAX_CONNECTIONS = 5
"""Of a role at once."""
ROLE_SETTINGS = {
    "default_transaction_read_only": "on",
    "search_path": "bi",
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
    # A role cannot change this one itself.
    "temp_file_limit": "1GB",
}
"""With which each of its sessions begins."""


class BiRole(NamedTuple):
    """A role, and what it stands for."""

    role: str
    tenant: str
    reads_answers: bool
    """Whether it sees single answers with their comments, too."""
    granted_at: datetime


class NewBiRole(NamedTuple):
    """A role with its password, which is known now and never again."""

    role: str
    password: str


def new_role() -> NewBiRole:
    """A role of chance: every role of a server reads the names of all roles, so none tells of a company."""
    return NewBiRole(f"{ROLE_PREFIX}{secrets.token_hex(6)}", secrets.token_urlsafe(PASSWORD_BYTES))


def is_role(name: str) -> bool:
    """Whether :func:`new_role` makes such names: they need no quoting."""
    return _ROLE.fullmatch(name) is not None


def scram_verifier(password: str, salt: bytes) -> str:
    """What PostgreSQL keeps of a password (RFC 5803): the password itself is in no statement and no log."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    in_base64 = [base64.b64encode(each).decode() for each in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{in_base64[0]}${in_base64[1]}:{in_base64[2]}"
