"""The log of each company: who looked at a customer's address, and who changed rules or roles."""
