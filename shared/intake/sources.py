"""The sources that no client may use: by them the dispatcher knows the events that it makes itself."""

from shared.events.transactions import OWN_SOURCES
from shared.values.messages import message

RESERVED = message(
    "Sources that begin with %(beginning)s are Afterword's own. Name the system that sends the event.",
    beginning=OWN_SOURCES,
)


def is_reserved(source: str) -> bool:
    """Whether a source is one of Afterword's own, in whatever case it is written."""
    return source.casefold().startswith(OWN_SOURCES)
