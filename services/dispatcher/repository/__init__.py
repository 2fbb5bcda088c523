"""The statements of recovery and backfill, which concern several tables; the others lie with their noun."""
