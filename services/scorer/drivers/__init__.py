"""What moved it? The change of a score taken apart by a dimension: other customers, or other answers.

domain        which parts are told by themselves, and what each of them adds to the change
ranges        the 95 % ranges of these figures
rounding      tenths of points that add up
driver_query  what an address asks for
reading       the change that somebody asks for, as far as they may see it
schemas       how programs are answered
files         the same as a file for spreadsheets
labels        the words
api           /v1/drivers
drivers_page  the page, its form, and what it shows
views         makes the page of the figures
pages         /drivers
"""
