"""Actions of improvement: what a company does about what customers complain of, and whether it helped.

domain                statuses, what follows what, and the two windows of an action that is done
judging               whether a score or a share changed by more than chance
repository            one row for each action; the closed cases by their cause
update_repository     how many customers were told of an action, and why others were not
figures               an action's baseline, and its comparison, from the counts
improvement_commands  opening, changing and moving actions
reading               which actions somebody may see
api                   /v1/actions
pages                 /actions
"""
