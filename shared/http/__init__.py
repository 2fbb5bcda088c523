"""The web door that every service has: one factory, the same refusals, the same headers."""
