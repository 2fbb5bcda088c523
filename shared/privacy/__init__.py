"""What the GDPR asks of every service: one pseudonym for each customer, erasure, export, retention."""
