"""Text messages: what they say, how long they are, who carries them, and what comes back."""
