"""``python -m chaos``: every scenario on a stack of its own. SEED, EVENTS and ONLY (names, by commas)."""

import asyncio
import itertools
import os
import secrets
import signal
import sys
import time

from chaos.arena import Result, Scenario, run
from chaos.scenarios import BY_NAME, SCENARIOS
from chaos.stack import running_stack
from chaos.table import print_table

EVENT_COUNT = 20_000
EVENTS_PER_S = 2_000
MIN_LOAD_S = 10.0


def stack_size(scenario: Scenario) -> tuple[int, int]:
    """Brokers and replicas of the stack; scenarios with the same size share one."""
    return scenario.brokers, scenario.copies


async def main() -> int:
    seed = os.environ.get("SEED") or secrets.token_hex(4)
    events = int(os.environ.get("EVENTS") or EVENT_COUNT)
    only = set(filter(None, os.environ.get("ONLY", "").split(",")))
    if unknown := only - set(BY_NAME):
        sys.exit(f"no such scenario: {', '.join(sorted(unknown))}")
    chosen = sorted((one for one in SCENARIOS if not only or one.name in only), key=stack_size)
    results: list[Result] = []
    began = time.monotonic()
    sys.stdout.write(f"SEED={seed} EVENTS={events}\n")
    for (brokers, copies), scenarios in itertools.groupby(chosen, stack_size):
        async with running_stack(brokers=brokers, copies=copies) as stack:
            for scenario in scenarios:
                result = await run(
                    stack, scenario, seed=seed, events=events, seconds=max(MIN_LOAD_S, events / EVENTS_PER_S)
                )
                results.append(result)
                sys.stdout.write(
                    f"{scenario.name}: {result.seconds:.0f} s, {result.injected} faults, "
                    f"{result.findings.faults[:4] or 'all as it must be'}\n"
                )
                sys.stdout.flush()
    print_table(results)
    sys.stdout.write(f"{time.monotonic() - began:.0f} s in all; again with SEED={seed}\n")
    return int(any(result.findings.faults for result in results))


async def until_stopped() -> int:
    """Run, and on SIGTERM clean up as on Ctrl-C."""
    running = asyncio.ensure_future(main())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    return await running


if __name__ == "__main__":
    sys.exit(asyncio.run(until_stopped()))
