"""Who works on which cases: teams, absences, and for whom a case is.

domain      people, teams, absences
routing     for whom a case is, and who is told of a delay
repository  one row for each team and absence
api         /v1/teams and /v1/absences
"""
