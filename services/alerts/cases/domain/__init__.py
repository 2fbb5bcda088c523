"""The rules of cases: no database, no web."""
