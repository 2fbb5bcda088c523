"""Waves: a random group of the known customers is asked by a relational survey, once."""
