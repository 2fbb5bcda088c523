"""The change of a score taken apart by a dimension: for the page of drivers, and a sentence of the dashboard.

domain        which parts are told by themselves, and what each of them adds to the change
effects       what something adds, with its range and p
ranges        the 95 % ranges of these figures
rounding      tenths of points that add up
standing_out  the part that adds the most, beyond chance
labels        the sentence
"""
