"""Recovery after the database was restored from an older backup."""
