"""The rows of chats.

channels  channels, and who is told what
messages  what is queued and listed
lanes     what waits for one channel
"""
