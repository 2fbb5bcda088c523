"""Responses: of the customers who were asked, who answered and who did not, and what the silence could mean.

domain      the counts, their shares, and the range of the score by what the silent ones may think
reading     what a reader may see of them
schemas     the bodies of the API
files       the same figures as a file
api         /v1/responses
views       what the page shows
pages       /responses
"""
