"""Standing programmes: a relational survey asks each known customer once in each period, without an event."""
