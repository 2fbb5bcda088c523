"""The servers that every test may ask for, and which tests share a process when several run beside each other."""

import os

import hypothesis
import pytest
from support.browser import browser
from support.restored_service import broker, own_broker
from support.stack import kafka, mailbox, postgres, postgres_server, stack_state

from deploy.local import state

__all__ = [
    "broker",
    "browser",
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

ONE_AFTER_THE_OTHER = {"chaos", "e2e"}
"""Folders of tests that start whole stacks: a dozen processes and more, which would starve each other."""


@pytest.hookimpl(tryfirst=True)  # before the names of the items are given to other processes
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file together, since they share fixtures, and those of whole stacks, too."""
    for item in items:
        folder = item.path.relative_to(item.config.rootpath).parts[1]
        group = "stacks" if folder in ONE_AFTER_THE_OTHER else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
