"""JSON pointers (RFC 6901): the path to a place in a body."""

_MAX_NAME_LENGTH = 100


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901) to a place in the body."""
    return "".join("/" + printable(part).replace("~", "~0").replace("/", "~1") for part in parts) or "/"


def printable(part: str | int) -> str:
    """A field's name, which a client may have made up: without unprintable characters, and cut."""
    return "".join(c if c.isprintable() else "�" for c in str(part)[:_MAX_NAME_LENGTH])
