"""The words of the public pages, as gettext catalogues.

Each message has a name (its context), its English and its translation.

To add a language: copy public.pot to <code>/LC_MESSAGES/public.po and translate it with any gettext tool.
That one file is enough; nothing is compiled beforehand. <code> has two letters: it is the pages' address and
says whose months, numbers and plurals to use (CLDR, by Babel).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel import Locale
from babel.dates import format_skeleton, parse_pattern
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

FOLDER = Path(__file__).resolve().parent
DEFAULT = "en"
ENGLISH_FILE = FOLDER / "public.pot"
LANGUAGE_FILES = {path.parts[-3]: path for path in FOLDER.glob("*/LC_MESSAGES/public.po")}
DAYS = {DEFAULT: "d MMM"}  # CLDR's own English is American: Nov 17
# What the record calls what was posted (`heading` of models/timeline.py, operations/updates.py).
POSTED = re.compile(r"(Correction of )?(?:Milestone (\d+)|(Late update)|(Review)|Update)")
# What the record says of new dates of maintenance (operations/maintenance.py).
NEW_TIME = re.compile(r"New time: (.+) to (.+) UTC\. It was (.+) to (.+) UTC\.")

# Whose words stand in a gap of a sentence that the software wrote, by the last word of the gap's name.
LABELS = {"severity": "severity", "status": "state", "condition": "system"}
# Parts of the catalogue with what the software writes by itself and keeps in English: entries of the
# timeline, updates, errors.
OWN = ("entry", "said", "error")

Message = str | tuple[str, str]  # English; where it counts something, for one and for several


class Texts:
    """One language.

    `texts("status.peace", time=…)` gives the sentence; KeyError for a name that public.pot lacks. What is
    not translated yet is English.
    """

    def __init__(self, language: str, translations: NullTranslations, english: dict[str, Message]):
        self.language, self._translations = language, translations
        self._locale = Locale.parse(language)
        layout = parse_pattern(DAYS.get(language) or self._locale.datetime_skeletons["MMMd"])
        # A status page names a hundred days, and there are 366.
        self._day = cache(lambda month, day: layout.apply(date(2000, month, day), self._locale))
        self.table = {
            name: translations.pgettext(name, text) for name, text in english.items() if isinstance(text, str)
        }
        self._counted = {name: forms for name, forms in english.items() if not isinstance(forms, str)}
        # English, in any case, to what this language says: what a gap holds is found by it.
        self._labels = {
            part: {text.lower(): self.table[name] for name, text in _plain(english, part).items()}
            for part in LABELS.values()
        }
        self._own = {
            part: [(name, self._pattern(text)) for name, text in _plain(english, part).items()]
            for part in OWN
        }

    @property
    def own_name(self) -> str:
        """What the language calls itself: `Deutsch`."""
        name = self._locale.display_name or self.language
        return name[:1].upper() + name[1:]

    def __call__(self, name: str, **values: object) -> str:
        """The sentence of this name, with `values` in its gaps. KeyError for an unknown name or gap."""
        return self.table[name].format(**values) if values else self.table[name]

    def plural(self, name: str, number: int, /, **values: object) -> str:
        """The sentence in the form that the language has for `number`.

        `number` stands in it as {n} unless `values` says otherwise. KeyError for a name that counts nothing.
        """
        text = self._translations.npgettext(name, *self._counted[name], number)
        return text.format(**{"n": number, **values})

    def posted(self, title: str) -> str:
        """The record's English title of what was posted, in this language; other titles stay as they are."""
        found = POSTED.fullmatch(title)
        if found is None:
            return title
        kind = "late_update" if found[3] else "review" if found[4] else "update"
        what = self("incident.milestone", n=found[2]) if found[2] else self(f"incident.{kind}")
        return self("incident.correction", what=what) if found[1] else what

    def own(self, part: str, text: str) -> str:
        """What the software itself wrote in English, in this language; anything else stays as it is.

        `part`: of OWN. Each sentence of that part is one, whatever stands in its gaps. Texts that people
        wrote and nothing else may come here for `said` alone, which has whole sentences without gaps.
        """
        if self.language == DEFAULT:
            return text
        for name, pattern in self._own[part]:
            if found := pattern.fullmatch(text):
                gaps = found.groupdict().items()
                return self(name, **{gap: self._label(gap, value) for gap, value in gaps})
        return text

    def _label(self, gap: str, value: str) -> str:
        part = LABELS.get(gap.rpartition("_")[2])
        return self._labels[part].get(value.lower(), value) if part else value

    def _pattern(self, text: str) -> re.Pattern[str]:
        """A sentence, with anything in its gaps; in the gap of a label only one of its labels."""
        pattern = ""
        for words, gap, _, _ in Formatter().parse(text):
            pattern += re.escape(words)
            part = LABELS.get((gap or "").rpartition("_")[2])
            inside = f"(?i:{'|'.join(map(re.escape, self._labels[part]))})" if part else ".+"
            pattern += f"(?P<{gap}>{inside})" if gap else ""
        return re.compile(pattern)

    def said_of_works(self, text: str) -> str:
        """What the record says by itself of maintenance, in this language; other texts stay as they are."""
        if found := NEW_TIME.fullmatch(text):
            start, end, old_start, old_end = found.groups()
            return self("works_said.moved", start=start, end=end, old_start=old_start, old_end=old_end)
        return self.own("said", text)

    def section(self, name: str) -> dict[str, str]:
        """All sentences of one part, such as what the page's script says."""
        return {key.partition(".")[2]: text for key, text in self.table.items() if key.startswith(f"{name}.")}

    def number(self, value: int) -> str:
        """`12,345`."""
        return format_decimal(value, locale=self._locale)

    def fraction(self, value: float) -> str:
        """`99.98`, `100`: two digits at most."""
        return format_decimal(value, format="0.##", locale=self._locale)

    def day(self, value: date) -> str:
        """`17 Nov`."""
        return self._day(value.month, value.day)

    def month(self, value: date) -> str:
        """`November 2026`."""
        return format_skeleton("yMMMM", value, locale=self._locale)

    def at(self, value: datetime, now: datetime | None = None) -> str:
        """`14:23`, and `17 Nov 14:23` where it was on another day than `now`."""
        hour = f"{value:%H:%M}"
        return hour if now and value.date() == now.date() else f"{self.day(value)} {hour}"

    def duration(self, value: timedelta, after: bool = False) -> str:
        """`44 min`, `1 h 05 min`, `6 days 4 h`.

        `after`: it follows *for* or *after*, where languages inflect.
        """
        minutes = int(value.total_seconds()) // 60
        if minutes < 60:
            return self("time.min", n=minutes)
        if minutes < 24 * 60:
            return self("time.hours", h=minutes // 60, m=f"{minutes % 60:02d}")
        name = "time.days_after" if after else "time.days"
        return self.plural(name, minutes // 1440, h=minutes // 60 % 24)


def _plain(english: Mapping[str, Message], part: str) -> dict[str, str]:
    """The messages of one part that count nothing."""
    named = {name: text for name, text in english.items() if name.startswith(f"{part}.")}
    return {name: text for name, text in named.items() if isinstance(text, str)}


def languages(files: Mapping[str, Path]) -> dict[str, Texts]:
    """English and the languages of these catalogues, by code. Raises PoFileError for what is no catalogue."""
    found = {code: _translations(code, path) for code, path in files.items()}
    english = _english()
    return {code: Texts(code, found[code], english) for code in sorted(found)}


def _translations(code: str, path: Path) -> NullTranslations:
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _english() -> dict[str, Message]:
    with ENGLISH_FILE.open("rb") as file:
        messages = [message for message in read_po(file, abort_invalid=True) if message.id]
    return {
        str(message.context): message.id if isinstance(message.id, str) else (message.id[0], message.id[1])
        for message in messages
    }


LANGUAGES = languages({DEFAULT: ENGLISH_FILE} | LANGUAGE_FILES)
ENGLISH = LANGUAGES[DEFAULT]


def texts_at(path: str) -> Texts:
    """The language of an address: `/de/incidents/42` is German; without one English."""
    return LANGUAGES.get(path[1:].partition("/")[0], ENGLISH)
