"""When and how often a company may write to its customers, over all surveys: set, published, explained."""
