"""Comments are matched when their answers are kept, and again when their company's themes have changed."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.scorer.repository.counting import CountedAnswer
from services.scorer.themes import repository
from services.scorer.themes.matching import ThemeMatcher
from services.scorer.themes.shipped import SHIPPED, SHIPPED_VERSION
from shared.db.database import Database, UnitOfWork
from shared.db.notifications import notify_changes
from shared.health import Health
from shared.passed_over import PassedOver
from shared.runtime import Loop, Periodic

THEMES_LOOP = "themes"
LOOK_INTERVAL_S = 5.0
MAX_COMMENTS_PER_TRANSACTION = 500
MAX_MATCHERS = 256
"""Of companies with themes of their own: those that were used last are kept."""


@dataclass
class MatcherCache:
    """One matcher for each version of a company's themes, made when it is first needed."""

    _shipped: ThemeMatcher = field(default_factory=lambda: ThemeMatcher(SHIPPED.themes))
    _own: OrderedDict[str, ThemeMatcher] = field(default_factory=OrderedDict)
    """By the digest of the themes."""

    async def matchers_of(
        self, uow: UnitOfWork, tenants: Sequence[str]
    ) -> dict[str, tuple[int, ThemeMatcher]]:
        """The version of each company's themes, and its matcher."""
        found = dict.fromkeys(tenants, (SHIPPED_VERSION, self._shipped))
        for tenant, known in (await repository.find_versions(uow, tenants)).items():
            matcher = self._own.get(known.digest)
            if matcher is None:
                # They may have changed since: then this is their version, and another one has the digest.
                themes = await repository.find_themes(uow, tenant)
                found[tenant] = themes.version, ThemeMatcher(themes.themes)
                if themes.version == known.version:
                    self._keep(known.digest, found[tenant][1])
            else:
                found[tenant] = known.version, matcher
                self._own.move_to_end(known.digest)
        return found

    def _keep(self, digest: str, matcher: ThemeMatcher) -> None:
        self._own[digest] = matcher
        while len(self._own) > MAX_MATCHERS:
            self._own.popitem(last=False)


MATCHERS = MatcherCache()
"""Those of this process."""


async def with_themes(uow: UnitOfWork, answers: Sequence[CountedAnswer]) -> Sequence[CountedAnswer]:
    """The answers with the themes that their comments name; without a comment there is nothing to look up."""
    tenants = sorted({answer.event.tenant for answer in answers if answer.event.data.comment is not None})
    if not tenants:
        return answers
    matchers = await MATCHERS.matchers_of(uow, tenants)
    matched: list[CountedAnswer] = []
    for answer in answers:
        comment = answer.event.data.comment
        if comment is None:
            matched.append(answer)
            continue
        version, matcher = matchers[answer.event.tenant]
        themes = matcher.themes_of(comment, answer.event.data.language)
        matched.append(answer._replace(themes=themes, theme_version=version))
    return matched


@dataclass
class ThemeMatching:
    """The loop that matches comments again, of one company at a time; workers share the comments of one."""

    database: Database
    health: Health
    passed: PassedOver = field(default_factory=lambda: PassedOver(THEMES_LOOP))

    @property
    def loop(self) -> Loop:
        """What a worker runs."""
        return Periodic(THEMES_LOOP, self.step, LOOK_INTERVAL_S, self.health).run

    async def step(self) -> float | None:
        """Match some comments of a company that has any left; one that fails keeps no other from its turn."""
        passed = self.passed.companies(self.database.clock())
        claimed = None
        try:
            async with self.database.transaction() as uow:
                behind = await repository.find_behind(uow, len(passed) + 1)
                claimed = next((tenant for tenant in behind if tenant not in passed), None)
                if claimed is None:
                    return None
                matched = await match_again(uow, claimed, MAX_COMMENTS_PER_TRANSACTION)
        except Exception as error:
            if claimed is None:
                raise
            self.passed.add(claimed, error, self.database.clock())
            return 0
        # None: another worker holds those that are left.
        return 0 if matched else None


async def match_again(uow: UnitOfWork, tenant: str, limit: int) -> int:
    """Match comments of a company that were matched by older themes, or by none; how many these were."""
    matchers = await MATCHERS.matchers_of(uow, [tenant])
    version, matcher = matchers[tenant]
    comments = await repository.claim_unmatched(uow, tenant, version, limit)
    if comments:
        found = {each.id: matcher.themes_of(each.comment, each.language) for each in comments}
        await repository.mark_matched(uow, tenant, version, found)
        notify_changes(uow, [tenant])
    return len(comments)
