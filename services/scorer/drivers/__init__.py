"""What moved it? The change of a score taken apart by a dimension: other customers, or other answers.

How it is taken apart is in ``decomposition/``.

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
