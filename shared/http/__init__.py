"""The HTTP layer of all services: one application factory, one form of refusal, one set of headers."""
