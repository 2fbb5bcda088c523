"""Every page of every table that an export has can be asked for, whatever its key is made of."""

import pytest
from sqlalchemy import BigInteger, Date, DateTime, Integer, SmallInteger, Uuid
from support.http_clients import a_context
from support.stack import Postgres

from services import SERVICES
from services.command import service
from shared.privacy.company_rows import COMPANY_TABLE, exported_tables, read_page

FIRST = {
    Uuid: "00000000-0000-0000-0000-000000000000",
    BigInteger: "0",
    Integer: "0",
    SmallInteger: "0",
    Date: "2026-01-01",
    DateTime: "2026-01-01 00:00:00+00",
}


@pytest.mark.parametrize("name", SERVICES)
async def test_each_table_is_read_from_its_beginning_and_from_any_place(
    name: str, postgres: Postgres
) -> None:
    context = await a_context(service(name), postgres)
    try:
        metadata = service(name).metadata
        for table in exported_tables(name, metadata):
            columns = metadata.tables[table].primary_key.columns
            key = [each for each in columns if each.name != "tenant" and table != COMPANY_TABLE]
            place = [next((at for kind, at in FIRST.items() if isinstance(c.type, kind)), "x") for c in key]
            for after in (None, "[" + ",".join(f'"{part}"' for part in place) + "]"):
                async with context.database.reading() as uow:
                    page = await read_page(uow, name, metadata.tables[table], "nobody", after)
                assert page == ([], None), table
            async with context.database.reading() as uow:
                for wrong in ("x", "{}", '["a","b","c","d","e","f"]'):
                    with pytest.raises(ValueError, match=r".+"):
                        await read_page(uow, name, metadata.tables[table], "nobody", wrong)
    finally:
        await context.database.close()
