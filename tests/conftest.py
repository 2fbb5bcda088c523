"""The servers that every test may ask for."""

from support.lives import broker, own_broker
from support.stack import kafka, mailbox, postgres, stack_state

__all__ = ["broker", "kafka", "mailbox", "own_broker", "postgres", "stack_state"]
