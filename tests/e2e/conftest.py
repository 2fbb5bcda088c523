"""One full stack for all end-to-end tests."""

from collections.abc import Iterator

import pytest
from support.full_stack import FullStack, a_full_stack


@pytest.fixture(scope="package")
def stack() -> Iterator[FullStack]:
    with a_full_stack() as running:
        yield running
