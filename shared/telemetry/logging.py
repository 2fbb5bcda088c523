"""Logs: one JSON object a line, an event name and ids; never an address, a name, a comment or a token."""

import logging
import sys
from typing import Literal

import msgspec
import structlog


def configure_logging(style: Literal["json", "console"] = "json", *, service: str) -> None:
    """Send structlog and the libraries' own warnings to standard output in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor
    if style == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), pad_event_to=32)
        factory: structlog.typing.WrappedLogger = structlog.WriteLoggerFactory(sys.stdout)
    else:
        renderer = structlog.processors.JSONRenderer(
            serializer=lambda value, **_: msgspec.json.encode(value, enc_hook=str)
        )
        factory = structlog.BytesLoggerFactory(sys.stdout.buffer)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    root = logging.getLogger()
    root.handlers = [_Bridge()]
    root.setLevel(logging.WARNING)
    # It calls every retry an error; what lasts is said by our own loops, in /readyz and in the metrics.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class _Bridge(logging.Handler):
    """Libraries log through the standard library: their warnings become lines like ours.

    Only the template is kept, never the arguments: a driver's message may quote a row.
    """

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().log(
            record.levelno, "library_said", logger=record.name, template=str(record.msg)[:200], error=kind
        )
