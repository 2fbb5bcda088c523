"""Recovery codes: each signs in once in place of the code of an app that is lost."""

import secrets

from shared.secrets import derive, keyed_digest

CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for others: i, l, o, 0, 1."""
_GROUP, _GROUPS = 5, 2
"""49 bits: with the limit of attempts nobody guesses one."""


def new_codes() -> list[str]:
    """Ten random codes such as ``h3kqe-7mzvt``."""
    return [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(CODES)
    ]


def code_digest(secret: str, tenant: str, person: object, code: str) -> str:
    """What the database keeps of a code: keyed, since 49 bits alone could be tried one by one.

    Capitals, blanks and hyphens make no difference.
    """
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return keyed_digest(derive(secret, "recovery code"), f"{tenant}/{person}/{plain}".encode()).hex()
