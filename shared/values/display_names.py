"""What staff read in place of a dimension or a segment, as their company has named it.

It holds for the request or mail that is being made. What shows a segment to people asks here; what answers
programs does not.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

NO_NAMES: Mapping[str, str] = {}
_names: ContextVar[Mapping[str, str]] = ContextVar("display_names", default=NO_NAMES)


@contextmanager
def showing_names(names: Mapping[str, str]) -> Iterator[None]:
    """In this context dimensions (``organisation``) and segments (``organisation:north``) are so named."""
    token = _names.set(names)
    try:
        yield
    finally:
        _names.reset(token)


def display_name(code: str) -> str | None:
    """The company's name of a dimension or segment; None: it has given none."""
    return _names.get().get(code)
