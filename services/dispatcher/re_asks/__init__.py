"""Re-asks: a recovery survey asks the customers of cases again some time later, each case once."""
