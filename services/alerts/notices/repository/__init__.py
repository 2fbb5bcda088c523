"""The rows of notices: each is told to one person by one channel.

notifications  what each is about, and the claim of one that is due
choices        what each person has chosen
push_subscriptions  the browsers that take push messages
push_lanes     what waits for one browser is sent by one process
"""
