"""How each tenant sends: test or live, stopped or not, its test addresses and its placeholder ids."""
