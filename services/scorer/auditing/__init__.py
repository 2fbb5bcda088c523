"""The audit: whether what is counted is what the answers say, and what the collector says.

domain      a result, and the comparison with the collector's totals
repository  portions of the recount, own totals, the replica of the collector's, results and doubts
mending_repository
            locks counts, and sets them to the answers
noted_mending_repository
            counts days of invitations and of themes anew
handlers    keeps the collector's totals
mending     sets counts that differ to what the answers say, while others count
noted_mending
            the same of the counts of invitations and of themes
recounting  one audit of a company
reading     what is told of the latest audits
schemas     the bodies of the API
api         /v1/recounts
labels      the words of the dashboard's foot

``audit_watch.py`` beside it is the loop that audits each company once a day.
"""
