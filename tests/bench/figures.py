"""A figure is a ratio of two medians of one interleaved run: A B A B, so that a noisy machine harms both."""

import gc
import json
import os
import platform
import statistics
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Side = Callable[[], Awaitable[float]]
"""One round of one side, and its figure: so many a second, or so many milliseconds."""
PACKAGES = ("fastapi", "uvicorn", "uvloop", "aiokafka", "asyncpg", "sqlalchemy", "msgspec", "pydantic")


@dataclass
class Figure:
    """One line of the table."""

    name: str
    what: str
    unit: str
    ours: list[float]
    baseline: str = ""
    bare: list[float] = field(default_factory=list)
    least: float | None = None
    """The ratio aimed at."""
    most: float | None = None
    """The figure, in its unit, aimed at."""
    size: str = ""

    @property
    def ratio(self) -> float | None:
        return statistics.median(self.ours) / statistics.median(self.bare) if self.bare else None

    @property
    def met(self) -> bool | None:
        """None where nothing was aimed at."""
        if self.least is not None and self.ratio is not None:
            return self.ratio >= self.least
        return statistics.median(self.ours) < self.most if self.most is not None else None

    @property
    def aim(self) -> str:
        if self.least is not None:
            return f">= {self.least}"
        return f"< {self.most:g} {self.unit}" if self.most is not None else ""


async def interleaved(rounds: int, sides: Mapping[str, Side]) -> dict[str, list[float]]:
    """Every side once in each round, each round in another order."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        names = list(sides)
        for name in names if number % 2 == 0 else reversed(names):
            gc.collect()
            found[name].append(await sides[name]())
            _say(f"  round {number + 1} {name}: {found[name][-1]:,.1f}")
    return found


def machine() -> dict[str, Any]:
    """What the figures were measured on; they say nothing about another."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def show(figures: Sequence[Figure], about: Mapping[str, Any]) -> None:
    table = Table(title=" ".join(f"{name} {value}" for name, value in about.items()), title_justify="left")
    for name in ("measure", "size", "figure", "baseline", "ratio", "aim", ""):
        table.add_column(name, justify="right" if name in {"figure", "ratio"} else "left")
    for figure in figures:
        bare = f"{figure.baseline}: {_spread(figure.bare, figure.unit)}" if figure.bare else figure.baseline
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        met = {None: "", True: "met", False: "missed"}[figure.met]
        table.add_row(
            figure.what, figure.size, _spread(figure.ours, figure.unit), bare, ratio, figure.aim, met
        )
    Console(width=int(os.environ.get("COLUMNS", "170"))).print(table)


def keep(figures: Sequence[Figure], about: Mapping[str, Any], path: Path) -> None:
    """Write all as JSON, every round's figure with it."""
    lines = [
        asdict(figure)
        | {
            "median": statistics.median(figure.ours),
            "baseline_median": statistics.median(figure.bare) if figure.bare else None,
            "ratio": figure.ratio,
            "met": figure.met,
        }
        for figure in figures
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": about, "figures": lines}, indent=2) + "\n")


def _spread(values: Sequence[float], unit: str) -> str:
    low, high = min(values), max(values)
    middle = statistics.median(values)
    return f"{_short(middle)} {unit} ({_short(low)} to {_short(high)})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
