"""Values in their one form: texts, addresses, phone numbers, zones, languages, customer ids, rounding."""
