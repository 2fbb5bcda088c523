"""A service's database: transactions, bulk writes, notifications, the kernel's tables, migrations."""

from shared.db import asyncpg_patch as asyncpg_patch
from shared.db.database import Database, UnitOfWork
from shared.db.tables import kernel_tables

__all__ = ["Database", "UnitOfWork", "kernel_tables"]
