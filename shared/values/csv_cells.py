"""Cells of files that spreadsheets open: none is taken for a formula (OWASP ASVS 5.0, 1.2.10)."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are wide signs, which spreadsheets of East Asia take for the same."""


def safe_cell(text: str) -> str:
    """The text as no spreadsheet computes it: behind an apostrophe where it begins like a formula."""
    return f"'{text}" if text.startswith((*_FORMULA, "'")) else text


def plain_cell(cell: str) -> str:
    """The text of such a cell."""
    return cell[1:] if cell.startswith(tuple(f"'{first}" for first in (*_FORMULA, "'"))) else cell
