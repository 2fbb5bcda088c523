"""The environment of a process that a test starts."""

import os


def without_settings() -> dict[str, str]:
    """The environment of this process without the settings of Afterword."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AFTERWORD_")}
