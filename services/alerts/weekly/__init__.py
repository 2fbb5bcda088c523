"""The letter of Monday: to leaders the score, its change, three comments and the cases that are overdue.

domain      when a letter is due, and which comments it has
repository  the scores of segments by day, comments, and overdue cases
letter      what one letter holds, for one reader
words       the letter as text and HTML, and as a message to a channel
kinds       who may get it when it leaves
schedule    a deadline for each company, set anew each week
"""
