"""Declared pairs of dimensions: what lies in two segments at once is counted like a segment.

domain              how many, their states, how far the work is
repository          one row for each pair
walking_repository  what a walk reads and writes of answers, invitations and counts
filling             the loop that counts a pair in what is there, and takes one out
pair_commands       declaring and removing
reading             which pairs there are
schemas             the bodies of the API
labels              words for states
files               the list as a file
api                 /v1/pairs
views               what the page shows
pages               /pairs

Names of their segments are made and read in ``services/scorer/pair_names.py``; who counts and who reads
counts learns in ``services/scorer/repository/pairs.py`` which pairs there are.
"""
