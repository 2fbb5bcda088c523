"""Totals of the answers by day and score, published once a day, against which the scorer checks its counts.

domain      a total as it was counted, and the totals and the round that are to be published
repository  counts the answers; what was published of them; who counts
rounds      one round of counting, and the loop that runs it
recovery    what is read back after a restore
"""
