"""An invented company in a local stack: real purchases, and simulated customers and staff."""
