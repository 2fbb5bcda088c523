"""Updates: customers of closed cases are told what has been done about the cause, each once of an action."""
