"""The health of a process: which of its loops are alive, and what it waits for."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from shared.telemetry import metrics

log = structlog.get_logger()

STALE_AFTER_S = 120.0
"""A loop that has not ticked for so long counts as stalled; no batch takes that long."""


@dataclass
class Health:
    """Which loops of a service tick, and what keeps the process from being ready."""

    service: str = ""
    clock: Callable[[], float] = time.monotonic
    _ticks: dict[str, float] = field(default_factory=dict)
    _unready: dict[str, str] = field(default_factory=dict)
    _warnings: dict[str, str] = field(default_factory=dict)

    def tick(self, loop: str) -> None:
        """Note that this loop is alive now."""
        self._ticks[loop] = self.clock()

    def forget(self, loop: str) -> None:
        """Stop watching this loop: it has ended as it should."""
        self._ticks.pop(loop, None)

    def set_unready(self, what: str, why: str) -> None:
        """The process is not ready, for this reason, until :meth:`set_ready` is called."""
        metrics.WAITS.labels(self.service, what).inc()
        metrics.UNREADY.labels(self.service, what).set(1)
        if self._unready.get(what) != why:
            log.warning("unready", what=what, why=why)
        self._unready[what] = why

    def set_ready(self, what: str) -> None:
        """This no longer keeps the process from being ready."""
        if self._unready.pop(what, None) is not None:
            metrics.UNREADY.labels(self.service, what).set(0)
            log.info("ready", what=what)

    def warn(self, what: str, why: str) -> None:
        """An operator should look at this, until :meth:`clear_warning`; the process is ready all the same."""
        if what not in self._warnings:
            log.warning("warning", what=what, why=why)
        self._warnings[what] = why

    def clear_warning(self, what: str) -> None:
        """The reason for a warning is gone."""
        if self._warnings.pop(what, None) is not None:
            log.info("warning_cleared", what=what)

    def warnings(self) -> list[str]:
        """The warnings, with their reasons."""
        return [f"{what}: {why}" for what, why in self._warnings.items()]

    def stalled(self) -> list[str]:
        """Loops that have not ticked for :data:`STALE_AFTER_S`: only a restart helps."""
        now = self.clock()
        return [
            f"{loop}: no tick for {now - at:.0f} s"
            for loop, at in self._ticks.items()
            if now - at > STALE_AFTER_S
        ]

    def unready(self) -> list[str]:
        """What the process waits for, with the reasons; empty when it can serve requests and consume."""
        return [f"{what}: {why}" for what, why in self._unready.items()]
