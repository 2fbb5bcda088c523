"""Mails from cases to customers, and what customers answer: sent, taken and told to the cases."""
