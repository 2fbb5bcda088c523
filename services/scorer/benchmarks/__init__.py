"""Benchmarks: scores that stand beside a score to be seen with it. None of them is a goal.

domain              a published benchmark, its widest range, and how a score stands beside others
repository          one row for each published benchmark
benchmark_commands  adding, replacing and removing them
reading             which of them somebody may see, and what stands beside a score
schemas             the bodies of the API
files               the same figures as files
api                 /v1/benchmarks
forms               what the pages send
labels              their words
views               what the pages show
pages               /benchmarks
"""
