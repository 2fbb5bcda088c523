"""Chats: what a team is told in its channels of Slack and Microsoft Teams, each channel's in their order.

domain      what a channel is, and what becomes of a try
addresses   which addresses are taken, and how they are kept
chat_commands  making, changing, switching, trying and deleting a channel
pages, api  the doors to these commands; forms, labels, schemas, views  what they take and show
formats     a message as Slack and Teams take it
posting     one request, and what its answer means
queueing    queues messages in the transaction of what they tell
rendering   the words of a message, if its reason still holds
case_kinds  the words of those about cases
lanes       what waits for one channel is sent, at most once
given_up    administrators hear that messages were given up
switched_off  administrators hear that a channel was switched off
repository  channels, messages and lanes
"""
