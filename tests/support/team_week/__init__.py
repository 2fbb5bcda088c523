"""A week of a team in real browsers: the company, and the parts of its story, each of which finds what the one before left."""
