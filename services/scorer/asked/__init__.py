"""Who was asked: invitations counted by segment, day and channel, so that no page reads them one by one.

domain              the counts
repository          reads the counts, and of several segments at once the invitations
part_repository     reads them of each part
noted_repository    adds what was noted to the counts
recount_repository  counts the invitations anew
"""
