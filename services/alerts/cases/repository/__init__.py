"""The statements about cases.

cases     rows as they are locked, changed and written
answers   which answers belong to which case, and which are still being written (a deadline)
timeline  what happened to a case
requests  idempotency keys
lists     lists of cases and one case, by the filters of conditions
overview  counts, touchpoints, segments, recent changes
"""
