"""Comments are matched when their answers are kept, and again when their company's themes have changed."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

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


class CompanyMatcher(NamedTuple):
    """How the comments of a company are matched."""

    version: int
    """Of its themes."""
    matcher: ThemeMatcher
    has_model: bool = False
    """Whether a model is to label them as well."""


@dataclass
class MatcherCache:
    """One matcher for each version of a company's themes, made when it is first needed."""

    _shipped: ThemeMatcher = field(default_factory=lambda: ThemeMatcher(SHIPPED.themes))
    _own: OrderedDict[str, ThemeMatcher] = field(default_factory=OrderedDict)
    """By the digest of the themes."""

    async def matchers_of(self, uow: UnitOfWork, tenants: Sequence[str]) -> dict[str, CompanyMatcher]:
        """The version of each company's themes, and its matcher."""
        shipped = CompanyMatcher(SHIPPED_VERSION, self._shipped)
        found = dict.fromkeys(tenants, shipped)
        for tenant, known in (await repository.find_versions(uow, tenants)).items():
            matcher = self._own.get(known.digest)
            if known.version is None:
                found[tenant] = shipped._replace(has_model=known.has_model)
            elif matcher is None:
                # They may have changed since: then this is their version, and another one has the digest.
                themes = await repository.find_themes(uow, tenant)
                made = ThemeMatcher(themes.themes)
                found[tenant] = CompanyMatcher(themes.version, made, known.has_model)
                if themes.version == known.version:
                    self._keep(known.digest, made)
            else:
                found[tenant] = CompanyMatcher(known.version, matcher, known.has_model)
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
        known = matchers[answer.event.tenant]
        themes = known.matcher.themes_of(comment, answer.event.data.language)
        waits = known.has_model and answer.score is not None and comment != ""
        matched.append(answer._replace(themes=themes, theme_version=known.version, model_waits=waits))
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
    """Match comments of a company that were matched by older themes, or by none; how many these were.

    What a model found in one stays until it has labelled it with the present themes.
    """
    known = (await MATCHERS.matchers_of(uow, [tenant]))[tenant]
    comments = await repository.claim_unmatched(uow, tenant, known.version, limit)
    if comments:
        found = {
            each.id: known.matcher.with_found(
                known.matcher.themes_of(each.comment, each.language), each.model_themes or ()
            )
            for each in comments
        }
        await repository.mark_matched(uow, tenant, known.version, found, has_model=known.has_model)
        notify_changes(uow, [tenant])
    return len(comments)
