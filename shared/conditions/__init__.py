"""Conditions on events: how they are judged, and how the API and forms take them."""
