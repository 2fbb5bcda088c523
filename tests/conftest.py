"""The servers that every test may ask for."""

import hypothesis
from support.lives import broker, own_broker
from support.stack import kafka, mailbox, postgres, stack_state

__all__ = ["broker", "kafka", "mailbox", "own_broker", "postgres", "stack_state"]

# How long an example takes says more about the machine, on which other tests run, than about the code.
hypothesis.settings.register_profile("afterword", deadline=None)
hypothesis.settings.load_profile("afterword")
