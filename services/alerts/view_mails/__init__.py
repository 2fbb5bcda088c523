"""Mails of saved views: on Monday each person gets the views that they ticked at the scorer's pages.

domain      which mail is the same one, and for how long it is tried
repository  the tables ``view_mail_week`` and ``view_mail``
kinds       whether a mail may still leave, and its words
asking      the loop that asks the scorer who gets which view, and what stands in it
"""
