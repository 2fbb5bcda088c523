"""Marks on the trend: what happened on a day, and how the score stood before and after it.

domain         a mark, and the two windows around its day
repository     one row for each mark
figures        the scores before and after the days of marks
mark_commands  adding, changing and removing marks
reading        which marks somebody may see
schemas        the bodies of the API
api            /v1/marks
forms          what the pages send
page_context   the frame of the pages, and what their forms offer
views          what the pages show
pages          /marks
"""
