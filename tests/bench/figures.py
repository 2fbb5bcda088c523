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

from deploy.local import kafka, postgres

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
    flat: float | None = None
    """The ratio not to be passed."""
    most: float | None = None
    """The figure, in its unit, not to be reached."""
    size: str = ""
    note: str = ""
    """What the figure alone does not say: where the limit lies, what a baseline leaves out."""

    @property
    def ratio(self) -> float | None:
        return statistics.median(self.ours) / statistics.median(self.bare) if self.bare else None

    @property
    def met(self) -> bool | None:
        """None where nothing was aimed at."""
        middle, held = statistics.median(self.ours), []
        if self.ratio is not None:
            held += [self.ratio >= self.least] if self.least is not None else []
            held += [self.ratio <= self.flat] if self.flat is not None else []
        held += [middle < self.most] if self.most is not None else []
        return all(held) if held else None

    @property
    def aim(self) -> str:
        aims = [f">= {self.least:g}"] if self.least is not None else []
        aims += [f"ratio <= {self.flat:g}"] if self.flat is not None else []
        aims += [f"< {self.most:g} {self.unit}"] if self.most is not None else []
        return ", ".join(aims)

    def verdict(self, scale: float) -> str:
        """An aim is of the full size: at a smaller one nothing is met and nothing missed."""
        if self.met is None:
            return ""
        return "size reduced" if scale < 1 else "met" if self.met else "missed"


async def interleaved(
    rounds: int, sides: Mapping[str, Side], *, warmed: bool = False
) -> dict[str, list[float]]:
    """Every side once in each round, each round in another order.

    ``warmed``: once more before, for nobody's figure: a broker that has just been started becomes faster.
    """
    found: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values() if warmed else ():
        await side()
    for number in range(rounds):
        names = list(sides)
        for name in names if number % 2 == 0 else reversed(names):
            gc.collect()
            found[name].append(await sides[name]())
            say(f"  round {number + 1} {name}: {found[name][-1]:,.1f}")
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
        "kafka": kafka.VERSION,
        postgres.WHEEL_NAME: version(postgres.WHEEL_NAME),
        **{name: version(name) for name in PACKAGES},
    }


def show(figures: Sequence[Figure], about: Mapping[str, Any]) -> None:
    table = Table(title=" ".join(f"{name} {value}" for name, value in about.items()), title_justify="left")
    for name in ("measure", "size", "figure", "baseline", "ratio", "aim", ""):
        table.add_column(name, justify="right" if name in {"figure", "ratio"} else "left")
    for figure in figures:
        bare = f"{figure.baseline}: {_spread(figure.bare, figure.unit)}" if figure.bare else figure.baseline
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        table.add_row(
            figure.what, figure.size, _spread(figure.ours, figure.unit), bare, ratio, figure.aim,
            figure.verdict(about["scale"]),
        )  # fmt: skip
    console = Console(width=int(os.environ.get("COLUMNS", "170")))
    console.print(table)
    for figure in figures:
        if figure.note:
            console.print(f"{figure.what}: {figure.note}", highlight=False, markup=False)


def keep(figures: Sequence[Figure], about: Mapping[str, Any], path: Path) -> None:
    """Write all as JSON, every round's figure with it."""
    lines = [
        asdict(figure)
        | {
            "median": statistics.median(figure.ours),
            "baseline_median": statistics.median(figure.bare) if figure.bare else None,
            "ratio": figure.ratio,
            "verdict": figure.verdict(about["scale"]),
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


def say(line: str) -> None:
    """Progress, beside the table."""
    sys.stderr.write(line + "\n")
