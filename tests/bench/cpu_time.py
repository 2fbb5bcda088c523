"""Processor time of each process during a measure: it tells what limits. Linux only."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")


@contextmanager
def measured_cpu(roots: Mapping[str, int]) -> Iterator[dict[str, float]]:
    """A dict that holds, after the block, the seconds that each process and its children used in it."""
    found: dict[str, float] = {}
    before = _used(roots)
    yield found
    found |= {name: seconds - before[name] for name, seconds in _used(roots).items()}


def cpu_shares(used: Mapping[str, float], seconds: float) -> str:
    """In per cent of one core, the largest first."""
    largest = sorted(used.items(), key=lambda one: -one[1])
    return ", ".join(f"{name} {100 * taken / seconds:.0f} %" for name, taken in largest if taken > 0)


def _used(roots: Mapping[str, int]) -> dict[str, float]:
    if not PROC.is_dir():
        return {}
    tick = os.sysconf("SC_CLK_TCK")
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended; its parent has its time
        parents[int(folder.name)] = int(fields[1])
        ticks[int(folder.name)] = sum(map(int, fields[11:15]))
    names = {pid: name for name, pid in roots.items()}
    found = dict.fromkeys(roots, 0.0)
    for pid, spent in ticks.items():
        above = pid
        while above not in names and above in parents:
            above = parents[above]
        if above in names:
            found[names[above]] += spent / tick
    return found
