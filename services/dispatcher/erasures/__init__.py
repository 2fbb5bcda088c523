"""Erasures: who asked that a customer be erased, whom that means, and which services have done it."""
