"""Incidents: many cases of one segment within minutes are told as one; each stays a case of its own.

domain      when cases are an incident, and of which segment
counting    new cases are counted in the transaction that opens them
ending      an incident ends when its cases have become few
notifying   who is told that one began or ended, and who is then not told of each case
words       what is said
repository  the rows
"""
