"""What a team speaks of once a week: one page, to be printed."""
