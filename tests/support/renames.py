"""The log lines of a migration that renames segments."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import structlog
from structlog.testing import LogCapture

from shared.db import segment_migration


@contextmanager
def logged_renames() -> Iterator[list[Any]]:
    """The log lines, by a logger of its own, since an earlier test may have bound the module's permanently."""
    capture = LogCapture()
    logger = structlog.wrap_logger(structlog.PrintLogger(), processors=[capture])
    with patch.object(segment_migration, "log", logger):
        yield capture.entries
