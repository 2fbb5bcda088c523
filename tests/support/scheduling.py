"""Which tests share a process when several run beside each other."""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

ONE_AFTER_THE_OTHER = frozenset({"chaos", "e2e"})
"""Folders of tests that start whole stacks: a dozen processes and more, which would starve each other."""

HOUSE_RULES = "house_rules"
"""The folder of tests that read all of the code, which takes a process seconds."""


class FileScheduling(LoadScopeScheduling):
    """Gives all tests of a file to one process, since they share fixtures, and those of some folders, too."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """What a test shares its process with."""
    path = nodeid.partition("::")[0]
    folders = PurePosixPath(path).parts[:-1]
    if HOUSE_RULES in folders:
        return HOUSE_RULES
    return path if ONE_AFTER_THE_OTHER.isdisjoint(folders) else "stacks"
