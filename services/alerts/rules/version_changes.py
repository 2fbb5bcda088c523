"""What differs between two versions of a company's rules, in words of the reader's language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from services.alerts.rules.domain import CaseRule, CaseRules
from services.alerts.rules.labels import RULE_LABELS
from services.alerts.rules.rule_words import PART_LABELS, rule_words
from services.alerts.rules.setup import CompanySetup
from shared.pages.filters import isolated_text
from shared.pages.language import spoken, translated

MAX_WORDS_IN_SENTENCE = 80
"""Letters of a value in a sentence; a table has the whole of it."""
_RulePair = tuple[CaseRule | None, CaseRule | None]
"""A rule before and after; None: there was none, or is none any more."""


@dataclass(frozen=True, kw_only=True)
class RuleChange:
    """One thing that is not the same in two versions."""

    rule: str = ""
    """The rule's name; empty: it is about all of them."""
    field: str = ""
    """What it is called; empty: the whole rule is new, or gone."""
    before: str = ""
    after: str = ""

    @property
    def label(self) -> str:
        """What has changed."""
        if not self.rule:
            return self.field
        facts = {"rule": isolated_text(self.rule), "field": self.field}
        return translated("“%(rule)s”: %(field)s") % facts if self.field else self.rule

    @property
    def sentence(self) -> str:
        """The change as one sentence."""
        if not self.field:
            text = (
                translated("The rule “%(rule)s” is gone.")
                if self.before
                else translated("The rule “%(rule)s” is new.")
            )
            return text % {"rule": isolated_text(self.rule)}
        facts = {"what": self.label, "before": _shortened(self.before), "after": _shortened(self.after)}
        return translated("%(what)s: %(after)s instead of %(before)s.") % facts


def changes_between_rules(older: CaseRules, newer: CaseRules, setup: CompanySetup) -> list[RuleChange]:
    """All that differs: first the rules in the order of the newer version, then what concerns all of them.

    A rule is known by its name; one that differs by nothing else is called otherwise now.
    """
    pairs = _pairs(older.rules, newer.rules)
    changes = [change for before, after in pairs for change in _changes_of(before, after, setup)]
    order = [
        [_name(rule) for rule in rules if not _is_alone(rule, pairs)] for rules in (older.rules, newer.rules)
    ]
    renamed = {_name(before): _name(after) for before, after in pairs if before and after}
    if [renamed[name] for name in order[0]] != order[1]:
        before, after = (", ".join(rule.name for rule in rules) for rules in (older.rules, newer.rules))
        changes.append(RuleChange(field=translated("Order of the rules"), before=before, after=after))
    for part in ("account_manager", "handler"):
        was, now = getattr(older, part) or "", getattr(newer, part) or ""
        if was != now:
            changes.append(RuleChange(field=spoken(RULE_LABELS[part]), before=was, after=now))
    return changes


def _pairs(older: Sequence[CaseRule], newer: Sequence[CaseRule]) -> list[_RulePair]:
    """Each rule of the newer version with what it was, then those that are gone."""
    before = {_name(rule): rule for rule in older}
    now = {_name(rule) for rule in newer}
    gone = [rule for rule in older if _name(rule) not in now]
    pairs: list[_RulePair] = []
    for rule in newer:
        was = before.get(_name(rule)) or next((one for one in gone if _is_same_but_named(one, rule)), None)
        if was in gone:
            gone.remove(was)
        pairs.append((was, rule))
    return [*pairs, *((rule, None) for rule in gone)]


def _changes_of(before: CaseRule | None, after: CaseRule | None, setup: CompanySetup) -> Iterator[RuleChange]:
    if before is None or after is None:
        for one, is_new in ((before, False), (after, True)):
            if one is not None:
                words = _whole(one, setup)
                yield RuleChange(rule=one.name, before="" if is_new else words, after=words if is_new else "")
        return
    if before.name != after.name:
        field = spoken(RULE_LABELS["name"])
        yield RuleChange(rule=after.name, field=field, before=before.name, after=after.name)
    was, now = rule_words(before, setup), rule_words(after, setup)
    for key, label in PART_LABELS.items():
        if was.get(key) != now.get(key):
            yield RuleChange(
                rule=after.name, field=spoken(label), before=was.get(key, ""), after=now.get(key, "")
            )


def _whole(rule: CaseRule, setup: CompanySetup) -> str:
    return "; ".join(f"{spoken(PART_LABELS[key])}: {words}" for key, words in rule_words(rule, setup).items())


def _is_alone(rule: CaseRule, pairs: Sequence[_RulePair]) -> bool:
    return any(rule in pair and None in pair for pair in pairs)


def _is_same_but_named(one: CaseRule, other: CaseRule) -> bool:
    return msgspec.structs.replace(one, name=other.name) == other


def _name(rule: CaseRule) -> str:
    return rule.name.casefold()


def _shortened(words: str) -> str:
    if not words:
        return translated("nothing")
    if len(words) <= MAX_WORDS_IN_SENTENCE:
        return isolated_text(words)
    return isolated_text(f"{words[:MAX_WORDS_IN_SENTENCE].rstrip()}…")
