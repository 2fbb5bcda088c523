"""Whether the broker answers: consumers and producers wait for one in silence."""

import asyncio
from dataclasses import dataclass

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from shared.runtime import Health, pause

EVERY = 5.0
WITHIN = 4.0


@dataclass
class Probe:
    """Asks for the cluster's metadata every few seconds, and says what came of it."""

    bootstrap: str
    health: Health

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until stopped."""
        while not stopping.is_set():
            self.health.tick("probe")
            client = AIOKafkaClient(bootstrap_servers=self.bootstrap, client_id="afterword-probe")
            try:
                async with asyncio.timeout(WITHIN):
                    await client.bootstrap()
                self.health.found("broker")
            except (KafkaError, OSError, TimeoutError) as error:
                self.health.missing("broker", type(error).__name__)
            finally:
                await client.close()
            await pause(stopping, EVERY)
        self.health.forget("probe")
