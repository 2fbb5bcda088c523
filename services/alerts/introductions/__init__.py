"""Introductions: whom an account manager asks for one, what becomes of it, and why somebody is not asked.

A promoter's answer opens a task for the account manager of the customer's account. We ask nobody: people do,
and never within a survey's mail.
"""
