"""The dashboard: what it finds beside scores and themes, and which segment is lowest.

domain      the week that stands out, who answers least, the order of segments, and the work on cases
repository  counts the causes that staff chose
reading     what a reader may see of all this
schemas     the bodies of the API
labels      words
views       what the pages show
"""
