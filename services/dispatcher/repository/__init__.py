"""Every SQL statement of the dispatcher, by what it is about. Each names the tenant."""
