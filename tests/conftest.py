"""The servers that every test may ask for."""

from support.stack import kafka, mailbox, postgres, stack_state

__all__ = ["kafka", "mailbox", "postgres", "stack_state"]
