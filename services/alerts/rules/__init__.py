"""Which answers open a case, how urgent it is, for whom and by when: versioned data of each company.

domain         what a rule is, and whether an answer meets it
clocks         priorities, time limits and escalations of a rule
setup          all that a company has set up for its cases: rules, teams, calendars, absences, people
setup_cache    the same, read again when its version has changed
rule_commands  read and change rules
dry_run        what rules would have made of the answers of the last days
repository     one row for each version, and the setup of companies
api, pages     /v1/rules and /rules
"""
