"""How the work on cases goes: by team and by person, of the cases that were opened within some days."""
