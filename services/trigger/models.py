"""The trigger's tables."""

from sqlalchemy import MetaData

from shared.db.tables import NAMING_CONVENTION, kernel_tables
from shared.tenancy.tenants import tenant_tables

metadata = MetaData(naming_convention=NAMING_CONVENTION)
kernel_tables(metadata)
tenant_tables(metadata)
