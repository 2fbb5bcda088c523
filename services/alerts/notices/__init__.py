"""Notices: mails to colleagues, about cases and about their way in.

queue       what the sender of ``shared.outbound`` claims and settles
rendering   subject, text and HTML
repository  one row for each mail
"""
