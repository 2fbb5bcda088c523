"""The rows of incidents.

incidents  incidents, the cases that are counted for them, and who was told
lists      what readers may see
"""
