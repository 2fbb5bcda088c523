"""Every SQL statement of alerts: copies of what was heard, cases, what pages read, people, mails to send."""
