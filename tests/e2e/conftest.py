"""One full stack for all end-to-end tests."""

from collections.abc import Iterator

import pytest
from support.full_stack import FullStack, a_full_stack


@pytest.fixture(scope="package")
def stack() -> Iterator[FullStack]:
    with a_full_stack(AFTERWORD_LOG="json") as running:  # as it runs for operators, and as one test reads it
        yield running
