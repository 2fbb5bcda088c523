"""Media types as headers carry them (RFC 9110, 8.3)."""

from email.message import Message


def media_type(header: str) -> tuple[str, dict[str, str]]:
    """The type in small letters without its parameters, and the parameters; empty where there is none."""
    essence, _, rest = header.partition(";")
    if not rest:
        return essence.strip().lower(), {}
    message = Message()
    message["content-type"] = f"x/x;{rest}"
    given = message.get_params(failobj=[])[1:]
    return essence.strip().lower(), {name.strip().lower(): value.strip() for name, value in given}


def is_json(kind: str) -> bool:
    """Whether this media type says that its content is JSON (RFC 6839)."""
    return kind in {"application/json", "text/json"} or (
        kind.endswith("+json") and not kind.startswith("application/cloudevents")
    )
