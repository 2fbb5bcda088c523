"""Events as client back-ends send them: read, checked, and made into transactions, for every door."""
