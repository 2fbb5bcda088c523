"""The scenarios: each lets something happen at random moments while events come in and customers answer.

One module for each kind of fault; the order here is the order of the run.
"""

from chaos.scenarios import doors, outboxes, processes, records, servers

SCENARIOS = (
    *processes.SCENARIOS,
    *servers.SCENARIOS,
    *outboxes.SCENARIOS,
    *records.SCENARIOS,
    *doors.SCENARIOS,
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
