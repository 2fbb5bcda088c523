"""What became of each event: replicas of its answers and cases, and the pages that show it step by step."""
