"""How much processor time each of the processes took meanwhile: it tells what limits. Linux only."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")


@contextmanager
def counting(roots: Mapping[str, int]) -> Iterator[dict[str, float]]:
    """By name the seconds that each of these processes and all below it have used, at the block's end."""
    found: dict[str, float] = {}
    before = _used(roots)
    yield found
    found |= {name: seconds - before[name] for name, seconds in _used(roots).items()}


def shares(used: Mapping[str, float], seconds: float) -> str:
    """The largest first, in hundredths of one core."""
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
            continue  # it has just ended; who started it has its time
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
