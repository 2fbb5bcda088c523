"""Values in one form each: texts, addresses, phone numbers, time zones, languages, customer ids, rounding."""
