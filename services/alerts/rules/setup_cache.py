"""What companies have set up, kept in the process and read again when it has changed."""

from collections import OrderedDict
from collections.abc import Collection, Mapping

from services.alerts.rules import repository
from services.alerts.rules.setup import DEFAULT_SETUP, CompanySetup
from shared.db.database import UnitOfWork

MAX_COMPANIES_KEPT = 1_000


class CompanySetups:
    """The setups of companies: each use reads their versions in one statement, and what has changed.

    It is not used in a transaction that changes a setup: what is rolled back would be kept.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[int, CompanySetup]] = OrderedDict()

    async def of(self, uow: UnitOfWork, tenants: Collection[str]) -> Mapping[str, CompanySetup]:
        """The setup of each of these companies, as this transaction sees it."""
        wanted = sorted(set(tenants))
        if not wanted:
            return {}
        versions = await repository.setup_versions(uow, wanted)
        found = {
            tenant: known[1]
            for tenant in wanted
            if (known := self._known.get(tenant)) is not None and known[0] == versions.get(tenant)
        }
        # What changes between the two statements is newer than this version, so it is read again next time.
        if stale := [tenant for tenant in wanted if tenant in versions and tenant not in found]:
            found |= await repository.load_setups(uow, stale)
        for tenant in stale:
            self._known[tenant] = (versions[tenant], found[tenant])
            self._known.move_to_end(tenant)
        while len(self._known) > MAX_COMPANIES_KEPT:
            self._known.popitem(last=False)
        return {tenant: found.get(tenant, DEFAULT_SETUP) for tenant in wanted}

    async def one(self, uow: UnitOfWork, tenant: str) -> CompanySetup:
        """The setup of one company."""
        return (await self.of(uow, [tenant]))[tenant]
