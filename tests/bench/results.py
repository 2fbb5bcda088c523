"""Results: ratios of two medians of one run whose sides take turns (A B, B A), so that noise harms both."""

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
"""Runs one round of one side; returns its value: so many a second, or so many milliseconds."""
PACKAGES = ("fastapi", "uvicorn", "uvloop", "aiokafka", "asyncpg", "sqlalchemy", "msgspec", "pydantic")


@dataclass
class Result:
    """One line of the table: what we measured, beside the baseline that took turns with us."""

    name: str
    what: str
    unit: str
    ours: list[float]
    baseline: str = ""
    bare: list[float] = field(default_factory=list)
    min_ratio: float | None = None
    """The ratio to reach."""
    max_ratio: float | None = None
    """The ratio not to exceed."""
    max_value: float | None = None
    """The value, in its unit, to stay below."""
    min_value: float | None = None
    """The value, in its unit, to reach."""
    size: str = ""
    note: str = ""
    """What the value alone does not tell: where the limit lies, what a baseline leaves out."""

    @property
    def ratio(self) -> float | None:
        return statistics.median(self.ours) / statistics.median(self.bare) if self.bare else None

    @property
    def met(self) -> bool | None:
        """Whether every limit is met; None without limits."""
        middle, held = statistics.median(self.ours), []
        if self.ratio is not None:
            held += [self.ratio >= self.min_ratio] if self.min_ratio is not None else []
            held += [self.ratio <= self.max_ratio] if self.max_ratio is not None else []
        held += [middle < self.max_value] if self.max_value is not None else []
        held += [middle >= self.min_value] if self.min_value is not None else []
        return all(held) if held else None

    @property
    def aim(self) -> str:
        aims = [f">= {self.min_ratio:g}"] if self.min_ratio is not None else []
        aims += [f"ratio <= {self.max_ratio:g}"] if self.max_ratio is not None else []
        aims += [f"< {self.max_value:g} {self.unit}"] if self.max_value is not None else []
        aims += [f">= {self.min_value:,g} {self.unit}"] if self.min_value is not None else []
        return ", ".join(aims)

    def verdict(self, scale: float) -> str:
        """In words; a limit holds for the full size, so a smaller run has no verdict."""
        if self.met is None:
            return ""
        return "size reduced" if scale < 1 else "met" if self.met else "missed"


async def interleaved(
    rounds: int, sides: Mapping[str, Side], *, warmed: bool = False
) -> dict[str, list[float]]:
    """Run every side once in each round, in alternating order; return the values of each.

    ``warmed`` runs each side once before, without a value: a broker that has just started becomes faster.
    """
    found: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values() if warmed else ():
        await side()
    for number in range(rounds):
        names = list(sides)
        for name in names if number % 2 == 0 else reversed(names):
            gc.collect()
            found[name].append(await sides[name]())
            print_progress(f"  round {number + 1} {name}: {found[name][-1]:,.1f}")
    return found


def describe_machine() -> dict[str, Any]:
    """The machine and the versions that the results hold for."""
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


def print_results(results: Sequence[Result], about: Mapping[str, Any]) -> None:
    """Print the table and the notes."""
    table = Table(title=" ".join(f"{name} {value}" for name, value in about.items()), title_justify="left")
    for name in ("measure", "size", "figure", "baseline", "ratio", "aim", ""):
        table.add_column(name, justify="right" if name in {"figure", "ratio"} else "left")
    for result in results:
        bare = f"{result.baseline}: {_spread(result.bare, result.unit)}" if result.bare else result.baseline
        ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
        table.add_row(
            result.what, result.size, _spread(result.ours, result.unit), bare, ratio, result.aim,
            result.verdict(about["scale"]),
        )  # fmt: skip
    console = Console(width=int(os.environ.get("COLUMNS", "170")))
    console.print(table)
    for result in results:
        if result.note:
            console.print(f"{result.what}: {result.note}", highlight=False, markup=False)


def write_results(results: Sequence[Result], about: Mapping[str, Any], path: Path) -> None:
    """Write all results as JSON, with the value of every round."""
    lines = [
        asdict(result)
        | {
            "median": statistics.median(result.ours),
            "baseline_median": statistics.median(result.bare) if result.bare else None,
            "ratio": result.ratio,
            "verdict": result.verdict(about["scale"]),
        }
        for result in results
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


def print_progress(line: str) -> None:
    """Write a line of progress to stderr, beside the table."""
    sys.stderr.write(line + "\n")
