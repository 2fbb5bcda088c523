"""Mails of saved views: on Monday each person gets the views that they ticked at the scorer's pages.

domain              which mail is the same one, for how long it is tried, and what became of it
repository          the tables ``view_mail_week`` and ``view_mail``
history_repository  the table ``view_mail_result``
history_api         what the scorer asks
kinds               whether a mail may still leave, and its words
handlers            mails that wait and were stopped
asking              the loop that asks the scorer who gets which view, and what stands in it
"""
