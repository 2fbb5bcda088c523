"""Who works on which cases: teams, absences, and for whom a case is.

domain            people, teams, absences
routing           for whom a case is, and who is told of a delay
repository        one row for each team and absence
team_commands     saving and deleting teams
absence_commands  who may be a deputy, who may say when somebody is away, and saving it
api               /v1/teams and /v1/absences
team_pages        /settings/teams
absence_pages     /settings/absence
"""
