"""Alerts on segments whose score has fallen: opened by ``falls``, closed by themselves or by a person.

A segment has at most one that is not closed: it is that of its last fall.
"""
