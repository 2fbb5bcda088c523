"""The environment of a process that a test starts."""

import os


def without_settings() -> dict[str, str]:
    """Ours, without a setting of Afterword that somebody has put there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AFTERWORD_")}
