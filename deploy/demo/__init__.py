"""An invented company in a local stack: real purchases; customers and staff who behave by a model."""
