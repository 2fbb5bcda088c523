"""What the page of themes sends. What is wrong is said at its field, and nothing typed is lost."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from services.scorer.themes.domain import MAX_THEMES, Theme, ThemeFault, ThemeSet, free_id
from services.scorer.themes.labels import kept_name, theme_name
from services.scorer.themes.stems import ANY_LETTERS, written_stem
from shared.http.numbers import whole_number
from shared.pages.language import spoken
from shared.values.text import normalized_text

FORM_LANGUAGES = ("en", "da", "nl")
"""In which the page offers to write stems; those of other languages, which a program wrote, stay."""
SUGGESTION_SEPARATOR = "|"
_NUMBER = re.compile(r"id_([0-9]{1,2})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ThemeFields:
    """The fields of one theme."""

    number: int
    """Of its fields: ``name_3``."""
    id: str = ""
    """Empty: a new theme."""
    name: str = ""
    cause: str = ""
    stems: Mapping[str, str]
    """As typed, one a line, by language."""
    dropped: bool = False

    @property
    def stem_count(self) -> int:
        """How many stems are typed."""
        return sum(len(_lines(typed)) for typed in self.stems.values())


@dataclass(frozen=True, kw_only=True)
class ThemesForm:
    """All fields of the page."""

    version: int
    themes: tuple[ThemeFields, ...]

    @classmethod
    def of(cls, themes: ThemeSet) -> Self:
        """What the page shows of the themes as they are kept."""
        return cls(
            version=themes.version,
            themes=tuple(
                ThemeFields(
                    number=number,
                    id=theme.id,
                    name=theme_name(theme),
                    cause=theme.cause or "",
                    stems={language: "\n".join(theme.stems.get(language, ())) for language in FORM_LANGUAGES},
                )
                for number, theme in enumerate(themes.themes)
            ),
        )

    @classmethod
    def read(cls, typed: Mapping[str, str]) -> Self:
        """What was typed."""
        numbers = sorted({int(found[1]) for name in typed if (found := _NUMBER.fullmatch(name))})
        return cls(
            version=whole_number(typed.get("version", "")) or 0,
            themes=tuple(
                ThemeFields(
                    number=number,
                    id=typed.get(f"id_{number}", ""),
                    name=typed.get(f"name_{number}", ""),
                    cause=typed.get(f"cause_{number}", ""),
                    stems={
                        language: typed.get(f"stems_{number}_{language}", "") for language in FORM_LANGUAGES
                    },
                    dropped=bool(typed.get(f"drop_{number}")),
                )
                for number in numbers
            ),
        )

    @property
    def kept(self) -> list[ThemeFields]:
        """The themes that are not left out; a new one of which nothing is typed is none."""
        return [
            each
            for each in self.themes
            if not each.dropped and (each.id or each.name.strip() or each.stem_count)
        ]

    def draft(self, known: ThemeSet) -> tuple[Theme, ...]:
        """The themes that the form describes.

        :param known: of which stems in other languages than those of the form stay.
        """
        by_id = {theme.id: theme for theme in known.themes}
        taken = {each.id for each in self.kept if each.id}
        draft: list[Theme] = []
        for fields in self.kept:
            key = fields.id or free_id(fields.name, taken)
            taken.add(key)
            before = by_id[key].stems if key in by_id else {}
            stems = {language: own for language, own in before.items() if language not in FORM_LANGUAGES}
            stems |= {language: lines for language, typed in fields.stems.items() if (lines := _lines(typed))}
            draft.append(
                Theme(
                    id=key,
                    name=kept_name(key, fields.name),
                    stems=dict(sorted(stems.items())),
                    cause=fields.cause or None,
                )
            )
        return tuple(draft)

    def with_new_theme(self) -> Self:
        """The same with the empty fields of one more theme, where there is room."""
        if len(self.themes) >= MAX_THEMES:
            return self
        number = max((each.number for each in self.themes), default=-1) + 1
        fields = ThemeFields(number=number, stems=dict.fromkeys(FORM_LANGUAGES, ""))
        return replace(self, themes=(*self.themes, fields))

    def with_stem(self, number: int, suggestion: str) -> Self:
        """The same with a suggested word added to a theme, as a stem that begins a word.

        :param suggestion: its language and the word, as a button sends them.
        """
        language, _, word = suggestion.partition(SUGGESTION_SEPARATOR)
        if language not in FORM_LANGUAGES or not normalized_text(word):
            return self
        stem = f"{normalized_text(word)}{ANY_LETTERS}"
        return replace(
            self,
            themes=tuple(
                replace(each, stems={**each.stems, language: _added(each.stems[language], stem)})
                if each.number == number
                else each
                for each in self.themes
            ),
        )

    def faults_by_field(self, faults: Sequence[ThemeFault]) -> dict[str, str]:
        """What is wrong, by the name of the field."""
        found: dict[str, str] = {}
        kept = self.kept
        for fault in faults:
            if not fault.path:
                found.setdefault("themes", spoken(fault.remedy))
                continue
            fields = kept[int(fault.path[0])]
            field, words = f"name_{fields.number}", spoken(fault.remedy)
            match fault.path[1:]:
                case ("cause",):
                    field = f"cause_{fields.number}"
                case ("stems", language, *places) if language in FORM_LANGUAGES:
                    field = f"stems_{fields.number}_{language}"
                    stems = _lines(fields.stems[str(language)])
                    words = " ".join([*(f"“{stems[int(place)]}”:" for place in places), words])
            found[field] = f"{found[field]} {words}" if field in found else words
        return found


def _lines(typed: str) -> tuple[str, ...]:
    """The stems of a textarea, each once."""
    return tuple(dict.fromkeys(stem for line in typed.splitlines() if (stem := written_stem(line))))


def _added(typed: str, stem: str) -> str:
    return "\n".join(dict.fromkeys((*_lines(typed), stem)))
