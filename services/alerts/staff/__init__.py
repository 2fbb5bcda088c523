"""Staff: the people of a company, how they sign in, and what they set.

accounts       people: making, changing and dismissing them
sessions       who is signed in where, and whether that still holds
sign_in        attempts, cookies and passes; pages: sign_in_pages, link_pages
settings_page  pages of settings; what their forms do: settings_acts
sign_in_tokens sessions' tokens and one-time links
companies, known_browsers  what a browser keeps
staff_commands what an operator does by command
"""
