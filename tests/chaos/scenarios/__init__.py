"""The scenarios: each lets something happen at random moments while events come in and customers answer.

One module for each kind of fault; the order here is the order of the run. What is lost comes first: it puts whole
topics back, and what follows reads whole topics again; they are short then. Bad records come last: whoever reads
a topic from its beginning would stop at so many in a row.
"""

from chaos.scenarios import (
    clients,
    clocks,
    erasures,
    imports,
    losses,
    notices,
    outboxes,
    processes,
    records,
    reminders,
    replies,
    servers,
    sources,
    view_mails,
    waves,
    webhooks,
)

SCENARIOS = (
    *losses.SCENARIOS,
    *outboxes.SCENARIOS,
    *processes.SCENARIOS,
    *servers.SCENARIOS,
    *clients.SCENARIOS,
    *reminders.SCENARIOS,
    *waves.SCENARIOS,
    *sources.SCENARIOS,
    *imports.SCENARIOS,
    *webhooks.SCENARIOS,
    *clocks.SCENARIOS,
    *notices.SCENARIOS,
    *view_mails.SCENARIOS,
    *replies.SCENARIOS,
    *erasures.SCENARIOS,
    *records.SCENARIOS,
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
