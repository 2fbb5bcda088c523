"""What customers say after a contact against what they say at any time: two scores that are never pooled.

domain      what the difference of the two is, and what each touchpoint adds to the first
gap_query   what an address asks for
reading     the figures that somebody asks for, as far as they may see them
schemas     how programs are answered
files       the same as a file for spreadsheets
labels      the words
api         /v1/gap
views       the page and what it shows
pages       /gap
"""
