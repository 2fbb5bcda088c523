"""What an operator sees: the metrics of every process, polled while a scenario runs."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from chaos.processes import Process
from chaos.stack import Stack

POLL_INTERVAL_S = 0.8
SAMPLE_PATTERN = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
LABEL_PATTERN = re.compile(r'(\w+)="([^"]*)"')
COUNTER_SUFFIXES = ("_total", "_count", "_sum")


@dataclass(frozen=True)
class Sign:
    """A metric that shows a fault, and how far it must move meanwhile.

    A counter is added up over all processes and their restarts; of a gauge the furthest move of any one counts.
    ``up`` is Prometheus' own: whether a process answered.
    """

    metric: str
    least: float = 1.0
    each: float = 0.0
    """So much more for each accepted event."""
    labels: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        labels = ",".join(f'{name}="{value}"' for name, value in self.labels.items())
        return self.metric + (f"{{{labels}}}" if labels else "")


@dataclass
class Series:
    """One line of one process's metrics during a scenario."""

    last: float
    low: float
    high: float
    rise: float

    def next(self, value: float) -> None:
        # A process that was started again counts from zero.
        self.rise += value - self.last if value >= self.last else value
        self.last, self.low, self.high = value, min(self.low, value), max(self.high, value)


@dataclass
class Operator:
    """Polls the metrics of every process."""

    stack: Stack
    signs: Sequence[Sign]
    _series: dict[tuple[str, str, str], Series] = field(default_factory=dict)
    _met: bool = False
    _polls: int = 0
    _polled: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=1, trust_env=False, verify=False) as client:
            while True:
                await asyncio.gather(*(self._poll(client, process) for process in self.stack.ours))
                self._met = True
                async with self._polled:
                    self._polls += 1
                    self._polled.notify_all()
                await asyncio.sleep(POLL_INTERVAL_S)

    async def next_poll(self) -> None:
        """Return after a whole poll that began later than this call."""
        enough = self._polls + 2  # the next one to end may have begun already
        async with self._polled:
            await self._polled.wait_for(lambda: self._polls >= enough)

    async def _poll(self, client: httpx.AsyncClient, process: Process) -> None:
        try:
            page = (await client.get(f"http://127.0.0.1:{process.port}/metrics")).text
        except httpx.TransportError:
            page = ""
        self._note(process.name, "up", "", float(bool(page)))
        wanted = tuple(sign.metric for sign in self.signs)
        for line in page.splitlines():
            if line.startswith(wanted) and (found := SAMPLE_PATTERN.fullmatch(line)):
                self._note(process.name, found["name"], found["labels"] or "", float(found["value"]))

    def _note(self, process: str, name: str, labels: str, value: float) -> None:
        key = (process, name, labels)
        if key in self._series:
            self._series[key].next(value)
        else:
            # A series that appears after the first poll was counted from zero.
            self._series[key] = Series(value, value, value, value if self._met else 0.0)

    def moved(self, sign: Sign) -> float:
        """How far the metric moved."""
        found = [
            series.rise if sign.metric.endswith(COUNTER_SUFFIXES) else series.high - series.low
            for (_, name, labels), series in self._series.items()
            if name == sign.metric and sign.labels.items() <= dict(LABEL_PATTERN.findall(labels)).items()
        ]
        return sum(found) if sign.metric.endswith(COUNTER_SUFFIXES) else max(found, default=0.0)

    def unseen(self, accepted: int) -> list[str]:
        """The signs that did not move far enough, in words."""
        return [
            f"wrong: {sign} moved by {self.moved(sign):.1f} only"
            for sign in self.signs
            if self.moved(sign) < sign.least + sign.each * accepted
        ]
