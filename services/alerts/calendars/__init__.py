"""The calendars of companies: when a team works, and how long its deadlines are by that.

domain             what a calendar is
open_time          which instants it is open
working_time       how deadlines count in it
repository         one row for each calendar
calendar_commands  saving and deleting calendars
api                /v1/calendars
pages              /settings/calendars
"""
