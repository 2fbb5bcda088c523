"""Known customers: whom a company may ask outside of an event, by its events, programs and files."""
