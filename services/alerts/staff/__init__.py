"""Staff: the people of a company, how they sign in, and what they set.

accounts       people: making, changing and dismissing them
sessions       who is signed in where, and whether that still holds
sign_in        attempts, cookies and passes; pages: sign_in_pages, link_pages
settings_page  what a person sets for themselves; what its forms do: settings_acts
second_factors the code of an app beside the password: totp, recovery_codes; before it: pending_sign_in;
               pages: second_factor_pages (at sign-in), second_factor_settings
provider_sign_in a company's identity provider: provider_http (what it is asked), id_tokens, provider_claims
               (what they mean), provider_accounts (whose account); pages: provider_pages, provider_settings;
               programs: provider_api; what both do: provider_commands
people_page    the people of a company; what its forms do: people_acts; programs: people_api
sessions_page  where a person is signed in; programs: access_api (with the second factor); access_commands
sign_in_rules_page what a company asks of everybody; programs: sign_in_rules_api; both: sign_in_rule_commands
sign_in_tokens sessions' tokens and one-time links
companies, known_browsers  what a browser keeps
staff_commands what an operator does by command
"""
