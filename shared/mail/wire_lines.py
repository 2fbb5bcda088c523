"""The lines of a mail as SMTP sends them."""


def wire_form(message: bytes) -> bytes:
    """The message with CRLF at the end of each line, also of the last (RFC 5321, 2.3.8)."""
    lines = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"
