"""Saved views: pages of figures under a name, and links by which a screen on a wall shows one.

domain             a saved view, a screen, and their bounds
addresses          which pages may be saved, and an address as it is kept
repository         the table ``saved_view``
screen_repository  the table ``screen``
reading            which saved views and screens somebody may see
view_commands      saving, changing and removing a view
screen_commands    making a screen's link, and taking it back
screen_uses        when each screen was last opened
mail_repository    the table ``view_mail``: who gets a view every Monday
mail_tokens        the link in a mail that stops it
mail_commands      wanting a view every Monday, and not any more
mail_history       what alerts answers of mails that were due
mail_labels        that, in words
mail_words         the mail, of the figures that a screen shows
mail_api           /v1/views/{view}/mail
mail_service_api   what alerts asks
mail_pages         /views/{view}/mail, /views/stop/{token}
restoring          what was taken back stays so when the database comes from a backup, with
                   restoring_repository
wall_reading       what a screen shows, by what its maker may see now
schemas            how programs are asked and answered
labels             the words
forms              what the pages send
api                /v1/views
views              the pages of saved views
wall_views         the page of a screen
pages              /views
wall_pages         /wall/{token}
"""
