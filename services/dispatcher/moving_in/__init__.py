"""Moving in from another system: its exports are imported, and its scores are compared with ours."""
