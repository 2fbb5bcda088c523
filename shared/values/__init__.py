"""Values in one form each: texts, addresses, phone numbers, zones, languages, ids, messages, rounding."""
