"""Which columns hold what a customer gave, wrote or is known by.

They are apart from the facts by which a service counts and decides: a role of the database that may read all
columns but these sees no customer, and an erasure changes these alone.
"""

from typing import Any, Final

from sqlalchemy import MetaData

PERSONAL: Final[dict[str, Any]] = {"personal": True}
"""The ``info`` of such a column. Of a ``body`` it is the whole: the record as it was consumed."""


def personal_columns(metadata: MetaData) -> set[str]:
    """The names (``table.column``) of these columns."""
    return {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.info.get("personal")
    }
