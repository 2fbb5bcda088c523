"""The servers that every test may ask for, and what holds for a run of all tests."""

import gc
import os
from typing import Any

import hypothesis
import pytest
from support.browser import browser
from support.restored_service import broker, own_broker
from support.scheduling import FileScheduling
from support.stack import databases_to_lend, kafka, mailbox, postgres, postgres_server, stack_state

from deploy.local import state

__all__ = [
    "broker",
    "browser",
    "databases_to_lend",
    "kafka",
    "mailbox",
    "own_broker",
    "postgres",
    "postgres_server",
    "stack_state",
]

# How long an example takes says more about the machine, on which other tests run, than about the code.
# A run of all tests tries the same examples each time, so that it fails by what was changed and not by the draw.
hypothesis.settings.register_profile("afterword", deadline=None, derandomize=True)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=4_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS", "afterword"))

# Ports are chosen some seconds before they are listened on: each process of a run chooses from its own.
process, processes = (
    os.environ.get("PYTEST_XDIST_WORKER", "gw0"),
    os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"),
)
state.PORT_RANGE = state.PORT_RANGE[int(process.removeprefix("gw")) :: int(processes)]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileScheduling:
    """Whatever ``--dist`` says: the groups of xdist 3.8 are unknown to pytest 9."""
    return FileScheduling(config, log)


def pytest_sessionfinish() -> None:
    """Collect garbage once; pytest does so five times, each of which takes a second after so many tests."""
    gc.collect()
    gc.freeze()
