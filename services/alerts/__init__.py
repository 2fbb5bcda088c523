"""Puts each unhappy customer in front of people who can act: as a case, in their inbox and their mail.

publishes  cases
consumes   answers (a detractor's first score opens a case), invitations (who was asked, what was bought),
           surveys, sending, tenants
owns       cases and what was done about them, staff with their sessions, the mails to staff

cases/     cases: rules, handlers, API, inbox and case page
notices/   what colleagues are told, by mail and push messages
staff/     people, sign-in, settings
replicas/  what other services own: answers, invitations, surveys
recovery/  after a restore from an older backup
"""
