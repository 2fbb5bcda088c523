"""Whether the broker answers, and whether its topics are as declared: clients wait for both in silence."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka.errors import KafkaError

from shared.kafka.clients import an_admin
from shared.kafka.drift import compare, look
from shared.kafka.topics import Declared
from shared.plight import in_words
from shared.runtime import Health, pause

EVERY = 5.0
EVERY_AT_FIRST = 1.0
WITHIN = 4.0


@dataclass
class Probe:
    """Asks for the cluster's topics every few seconds, and says what came of it."""

    bootstrap: str
    health: Health
    topics: Sequence[Declared] = ()
    right: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the topics were first found as they must be; nothing is read or written before."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until stopped."""
        while not stopping.is_set():
            self.health.tick("probe")
            try:
                async with asyncio.timeout(WITHIN):
                    faults = await self._faults()
            except (KafkaError, OSError, TimeoutError) as error:
                self.health.missing("broker", in_words(error))
            else:
                self.health.found("broker")
                if faults:
                    self.health.missing(
                        "topics",
                        f"{'; '.join(faults)}: see afterword topics diff, then afterword topics apply",
                    )
                else:
                    self.health.found("topics")
                    self.right.set()
            await pause(stopping, EVERY if self.right.is_set() else EVERY_AT_FIRST)
        self.health.forget("probe")

    async def _faults(self) -> list[str]:
        """What keeps us from reading and writing these topics."""
        async with an_admin(self.bootstrap) as admin:
            settings = {name for topic in self.topics for name in topic.configs}
            found = await look(admin, [topic.name for topic in self.topics], settings)
        return [str(drift) for drift in compare(self.topics, found) if drift.stops_us]
