"""Days and lengths as an address has them, and the addresses of pages and files."""

from urllib.parse import urlencode

from services.scorer.parameters import fault_of, read_day, read_days, read_length

__all__ = ["address_of", "fault_of", "read_day", "read_days", "read_length"]


def address_of(path: str, parameters: dict[str, object]) -> str:
    """The address of a page or file with these parameters."""
    return f"{path}?{urlencode(parameters, doseq=True)}"
