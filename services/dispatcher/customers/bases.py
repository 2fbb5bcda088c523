"""The evidence that customers may be asked, as their profiles have it: the newest of each kind."""

from collections.abc import Mapping

from msgspec import json

from shared.events.transactions import Basis

_bases = json.Decoder(dict[str, Basis])


def read_bases(stored: str | None) -> dict[str, Basis]:
    """The evidence as a row has it; None: there is no row."""
    return _bases.decode(stored) if stored else {}


def write_bases(bases: Mapping[str, Basis]) -> str:
    """The same as a row has it."""
    return json.encode(bases).decode()
