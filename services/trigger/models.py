"""The trigger's tables."""

from sqlalchemy import MetaData

from shared.db.tables import NAMING, kernel_tables
from shared.tenancy.tenants import tenant_tables

metadata = MetaData(naming_convention=NAMING)
kernel_tables(metadata)
tenant_tables(metadata)
