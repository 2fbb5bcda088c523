"""What a migration tells of the segments that it renames."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import structlog
from structlog.testing import LogCapture

from shared.db import segment_migration


@contextmanager
def logged_renames() -> Iterator[list[Any]]:
    """The lines of the log. Its own logger: the module's may have been bound for good by an earlier test."""
    capture = LogCapture()
    logger = structlog.wrap_logger(structlog.PrintLogger(), processors=[capture])
    with patch.object(segment_migration, "log", logger):
        yield capture.entries
