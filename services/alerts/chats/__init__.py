"""Chats: what a team is told in its channels of Slack and Microsoft Teams, each channel's in their order.

domain      what a channel is, and what becomes of a try
addresses   which addresses are taken, and how they are kept
formats     a message as Slack and Teams take it
posting     one request, and what its answer means
queueing    queues messages in the transaction of what they tell
rendering   the words of a message, if its reason still holds
lanes       what waits for one channel is sent, at most once
repository  channels, messages and lanes
"""
