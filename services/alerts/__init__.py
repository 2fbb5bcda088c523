"""Makes somebody act: each unhappy customer becomes a case in front of the people who can do something.

says   cases
hears  answers (a detractor's first score opens a case), invitations (who it was, what was bought),
surveys, tenants
owns   cases and all that was done to them, staff with their sessions, the mails that tell the team
"""
