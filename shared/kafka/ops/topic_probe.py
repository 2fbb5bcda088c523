"""Whether the broker answers, and whether its topics are as declared: Kafka's clients report neither."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.health import Health
from shared.kafka.kernel.clients import an_admin
from shared.kafka.ops.drift import compare, describe_topics
from shared.kafka.ops.topics import TopicSpec
from shared.runtime import Periodic

PROBE_INTERVAL_S = 5.0
FIRST_PROBE_INTERVAL_S = 1.0
PROBE_TIMEOUT_S = 4.0


@dataclass
class TopicProbe:
    """Compares the cluster's topics with their declaration every few seconds, and reports what differs."""

    bootstrap: str
    health: Health
    topics: Sequence[TopicSpec] = ()
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the topics were first found as declared; nothing is consumed or published before."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Probe until stopped."""
        await Periodic(
            "broker", self._step, PROBE_INTERVAL_S, self.health, max_backoff_s=FIRST_PROBE_INTERVAL_S
        ).run(stopping)

    async def _step(self) -> float | None:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            faults = await self._faults()
        if faults:
            self.health.set_unready(
                "topics", f"{'; '.join(faults)}: see afterword topics diff, then afterword topics apply"
            )
        else:
            self.health.set_ready("topics")
            self.ready.set()
        return None if self.ready.is_set() else FIRST_PROBE_INTERVAL_S

    async def _faults(self) -> list[str]:
        """Differences that keep the service from consuming and publishing."""
        async with an_admin(self.bootstrap) as admin:
            settings = {name for topic in self.topics for name in topic.configs}
            found = await describe_topics(admin, [topic.name for topic in self.topics], settings)
        return [str(drift) for drift in compare(self.topics, found) if drift.stops_us]
