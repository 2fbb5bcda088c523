"""For how long each kind of data is kept: set by a company, published, tried, and applied here."""
