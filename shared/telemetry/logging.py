"""Logs: a JSON object on each line, with the event's name and ids; no address, name, comment or token."""

import logging
import sys
from typing import Literal

import msgspec
import structlog


def configure_logging(style: Literal["json", "console"] = "json", *, service: str) -> None:
    """Write the logs of structlog, and the warnings of libraries, to standard output in one format."""
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
    root.handlers = [_LibraryHandler()]
    root.setLevel(logging.WARNING)
    # It logs every retry as an error. Our loops report outages in /readyz and in the metrics.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class _LibraryHandler(logging.Handler):
    """Logs the warnings of libraries through structlog: their templates without the arguments, which may
    quote a row.
    """

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().log(
            record.levelno, "library_said", logger=record.name, template=str(record.msg)[:200], error=kind
        )
