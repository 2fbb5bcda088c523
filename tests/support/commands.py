"""The ``afterword`` command as a process, with settings under which nothing answers."""

import os
import subprocess

from support.full_stack import AFTERWORD

NOWHERE = "postgresql+asyncpg://x:hunter2@127.0.0.1:9/x"


def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end.

    :param changes: settings, beside those that every process needs.
    """
    settings = {
        "AFTERWORD_KAFKA": "127.0.0.1:9",
        "AFTERWORD_PUBLIC_URL": "http://afterword.example",
        "AFTERWORD_STAFF_URL": "http://afterword.example",
        "AFTERWORD_SECRET": "x" * 32,
        "AFTERWORD_SMTP_URL": "smtp://127.0.0.1:9",
        "SCORER_DATABASE_URL": NOWHERE,
        **changes,
    }
    return subprocess.run(
        (str(AFTERWORD), *arguments),
        env={**os.environ, **settings}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
