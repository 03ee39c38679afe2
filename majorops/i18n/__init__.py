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
POSTED = re.compile(r"(Correction of )?(?:Milestone (\d+)|(Late update)|Update)")

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
        kind = "late_update" if found[3] else "update"
        what = self("incident.milestone", n=found[2]) if found[2] else self(f"incident.{kind}")
        return self("incident.correction", what=what) if found[1] else what

    def section(self, name: str) -> dict[str, str]:
        """All sentences of one part, such as what the page's script says."""
        return {key.partition(".")[2]: text for key, text in self.table.items() if key.startswith(f"{name}.")}

    def number(self, value: int) -> str:
        """`12,345`."""
        return format_decimal(value, locale=self._locale)

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

    def duration(self, value: timedelta) -> str:
        """`44 min`, `1 h 05 min`, `6 days 4 h`."""
        minutes = int(value.total_seconds()) // 60
        if minutes < 60:
            return self("time.min", n=minutes)
        if minutes < 24 * 60:
            return self("time.hours", h=minutes // 60, m=f"{minutes % 60:02d}")
        return self.plural("time.days", minutes // 1440, h=minutes // 60 % 24)


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
