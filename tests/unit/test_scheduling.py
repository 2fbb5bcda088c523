"""Tests of a file run in one process, and those of whole stacks one after the other."""

from support.scheduling import scope_of


def test_the_tests_of_a_file_share_a_process_wherever_the_file_is() -> None:
    for path in ("tests/unit/test_x.py", "tests/test_x.py", "test_x.py", "tests/unit/chaos.py"):
        assert scope_of(f"{path}::test_y[a::b]") == path


def test_the_tests_of_whole_stacks_share_one_process() -> None:
    nodes = ("tests/e2e/test_x.py::test_y", "tests/chaos/test_x.py::test_y", "e2e/test_x.py::test_y")
    assert {scope_of(node) for node in nodes} == {"stacks"}


def test_the_rules_about_the_code_which_read_all_of_it_share_one_process() -> None:
    nodes = ("tests/unit/house_rules/test_x.py::test_y", "tests/unit/house_rules/test_z.py::test_y")
    assert {scope_of(node) for node in nodes} == {"house_rules"}
