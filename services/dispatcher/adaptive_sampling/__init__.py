"""Adaptive sampling: how many of each segment's contacts a survey asks for the margin wanted of it."""
