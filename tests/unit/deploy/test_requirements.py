"""What `afterword doctor` finds on this machine."""

import pytest

from deploy.local.requirements import check_python


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 11, 7), (3, 11, 9), (3, 12, 0), (3, 12, 5)])
def test_a_python_with_known_holes_is_noted_and_starts_all_the_same(version: tuple[int, int, int]) -> None:
    found = check_python(version)
    assert found.fault is None
    assert found.warning
    assert ".".join(map(str, version)) in found.warning
    assert "update it" in found.warning


@pytest.mark.parametrize("version", [(3, 11, 10), (3, 11, 14), (3, 12, 6), (3, 13, 0), (3, 14, 1)])
def test_a_mended_python_is_well(version: tuple[int, int, int]) -> None:
    assert check_python(version).warning is None
