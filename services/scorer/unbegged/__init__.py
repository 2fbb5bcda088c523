"""The unbegged score: what could have been asked, was asked and was answered, and which scores selection
could explain. A mark is a question, not an accusation.

domain      the counts, the tests of shares, and what the missing answers could change
repository  counts the invitations of a window, with how soon each was answered
reading     asks the dispatcher, and puts together what a reader may see
schemas     the bodies of the API
files       the same figures as a file
api         /v1/unbegged
labels      words of the page
views       what the page shows
pages       /unbegged
"""
