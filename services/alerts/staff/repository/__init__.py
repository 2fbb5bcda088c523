"""The statements about staff: people, their sessions, their one-time links."""
