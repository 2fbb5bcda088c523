"""JSON pointers (RFC 6901): where in a body something stands."""

_LONGEST_NAME = 100


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901) to a place in the body."""
    return "".join("/" + printable(part).replace("~", "~0").replace("/", "~1") for part in parts) or "/"


def printable(part: str | int) -> str:
    """A field's name may come from the sender: printable, and no longer than a name is."""
    return "".join(c if c.isprintable() else "�" for c in str(part)[:_LONGEST_NAME])
