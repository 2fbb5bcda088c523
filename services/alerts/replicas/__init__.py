"""Replicas of other services' events: answers, invitations, surveys.

They arrive in any order: none waits for another, and what belongs together is joined when it is read.
"""
