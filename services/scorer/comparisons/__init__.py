"""Did it really move? Two windows or two segments compared, and scores by day, week or month.

domain            what may be compared, and what a difference is called
periods           days, weeks and months of a trend, and windows that roll
addresses         days and lengths as an address has them, and the addresses of pages and files
comparison_query  what an address asks to be compared
trend_query       what an address asks to be followed over time
repository        the counts of several segments in two windows
reading           the comparison or trend that somebody asks for, as far as they may see it
schemas           how programs are answered
files             the same as files for spreadsheets
labels            the words
api               /v1/comparisons and /v1/trends
compare_page      the page, its form, and what it shows
views             makes the page of the figures
pages             /compare
"""
