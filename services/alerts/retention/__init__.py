"""What alerts removes of what is too old."""
