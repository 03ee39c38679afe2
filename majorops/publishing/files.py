"""The public pages as plain files, which any web server or bucket can give out while MajorOps is down.

Each is complete in itself, and written whole or not at all; what is no longer public is removed.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from flask import Flask

from majorops import clock
from majorops.domain.systems import feed_name
from majorops.domain.text import reference
from majorops.i18n import DEFAULT, LANGUAGES
from majorops.projections import (
    public_duplicate,
    public_maintenances,
    public_months,
    public_status,
    record_changes,
)
from majorops.projections.lists import every_public_duplicate, every_public_incident, still_public
from majorops.projections.systems import listed_systems
from majorops.publishing.folder import claim
from majorops.publishing.snapshots import Snapshots
from majorops.web.assets import asset_body, asset_text, asset_url

log = logging.getLogger(__name__)

RESTAMP = 60.0  # seconds after which a file gets a new *as of*, though it says the same
OLDEST = 20  # files of long ago that are looked at again each minute
PAGES_AT_ONCE = 8  # of the past that are missing, written between two looks at what is current
START = ("/", "/history", "/maintenance", "/widget", "/badge.svg")  # what people ask for first
HOT = 5  # incidents that were resolved last: what is said of them may change still
FIXED = (
    "/history.rss",
    "/history.atom",
    "/maintenance.rss",
    "/maintenance.atom",
    "/maintenance.ics",
    "/status.txt",
    "/robots.txt",
    "/sitemap.xml",
    *(
        f"/api/v2/{name}.json"
        for name in (
            "summary",
            "status",
            "components",
            "incidents",
            "incidents/unresolved",
            "scheduled-maintenances",
            "scheduled-maintenances/upcoming",
            "scheduled-maintenances/active",
        )
    ),
)
# A file of a resolved incident says nothing of now: not all of them are written again when an incident opens.
WORD = re.compile(rb'<div data-posture="\w+">(.*?)<span class="posture">[^<]*</span>', re.DOTALL)
IS_OVER = b' data-status="resolved"'
NUMBERED = re.compile(rf"(?:(?:{'|'.join(LANGUAGES)})/)?(incidents|maintenance)/(\d+)\.(?:html|txt)")
FEED = re.compile(r"systems/[^/.][^/]*\.(?:atom|rss)")
BADGE = re.compile(rf"(?:(?:{'|'.join(LANGUAGES)})/)?systems/[^/.]+/badge\.svg")
ASSET = re.compile(rb'"/assets/([\w.-]+)"')
SCRIPTS = ("public.js", "widget.js")
MONTH = re.compile(rf"(?:(?:{'|'.join(LANGUAGES)})/)?history/(\d{{4}}-\d\d)\.html")
UNAVAILABLE = "unavailable.html"
# Files cannot answer with a redirect.
MOVED = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={kept}"><title>{sentence}</title>
<p><a href="{kept}">{sentence}</a></p>
"""


class PublicFiles:
    """The files of one folder.

    `problem`: why they are not being written, for the people who run the place; empty while all is well.
    """

    def __init__(self, app: Flask, snapshots: Snapshots, folder: Path):
        self.app, self.snapshots, self.folder = app, snapshots, folder
        self.problem = ""
        self._written: dict[str, tuple[str, float]] = {}
        self._swept = 0.0
        self._seen: tuple[int, int] | None = None  # how far the record is in the files of the past
        self._missing: list[str] = []
        self._has_unavailable = False

    def freshen(self, has_changed: bool) -> None:
        """Write what may say something new, and once a minute all of `current_paths`.

        Called after a change, and every few seconds, as badges change by the clock. Never raises for a disk.
        """
        try:
            claim(self.folder)
            is_time = time.monotonic() - self._swept > RESTAMP
            with self.app.app_context():
                hot, others = current_paths()
                systems = system_files()
                changed = self._changed(has_changed or is_time)
            if has_changed or is_time:
                self.sweep()
            paths = [*hot, *changed, *(FIXED if has_changed or is_time else ())]
            paths += systems if has_changed else ()
            paths += [*others, *self._oldest()] if is_time else ()
            for path in dict.fromkeys(paths):
                self.write(path)
            self._fill_in(is_time)
            self._swept = time.monotonic() if is_time else self._swept
            self._finish("")
        except OSError as error:
            self._finish(f"{error.strerror or error}, since {clock.now():%H:%M:%S} UTC")

    def write_all(self) -> int:
        """Write every public page there is; returns how many files stand.

        Raises OSError, and NotOurs, which is one, before anything is written into a folder of somebody else.
        """
        claim(self.folder)
        self.sweep()
        with self.app.app_context():
            hot, others = current_paths()
            paths = [*hot, *FIXED, *others, *past_paths(), *system_files()]
        count = sum(self.write(path) for path in dict.fromkeys(paths))
        self._fonts()
        return count + self._unavailable()

    def write(self, path: str) -> bool:
        """Write one page if it says something new. False, and no file, where the public has nothing there."""
        found = self.snapshots.draw((self.app.extensions["public_origin"] or "http://localhost", path))
        target = self.folder / file_of(path)
        if found is None:
            moved = self._moved(path)
            if moved and (not target.exists() or target.read_bytes() != moved):
                self._put(target, moved)
            if not moved:
                target.unlink(missing_ok=True)
            self._written.pop(path, None)
            return bool(moved)
        name, at = self._written.get(path, ("", 0.0))
        if name != found.name or time.monotonic() - at > RESTAMP or not target.exists():
            body = self._complete(path, found.bodies["identity"])
            self._put_assets(body)
            self._put(target, body)
            self._written[path] = (found.name, time.monotonic())
        return True

    def sweep(self) -> None:
        """Remove first of all the files of incidents, maintenance and systems that are public no more.

        Only what has the address of such a page: other files in the folder are somebody else's.
        """
        files = {file: NUMBERED.fullmatch(self._name(file)) for file in self._numbered()}
        with self.app.app_context():
            stays = {
                kind: still_public(kind, [int(m[2]) for m in files.values() if m and m[1] == kind])
                for kind in ("incidents", "maintenance")
            }
            named = {path[1:] for path in system_files()}
        for file in [*self.folder.glob("systems/*.*"), *self.folder.glob("**/systems/*/badge.svg")]:
            name = self._name(file)
            if name not in named and FEED.fullmatch(name):
                file.unlink(missing_ok=True)
            if name not in named and BADGE.fullmatch(name):
                file.unlink(missing_ok=True)
                with suppress(OSError):  # what else lies there is somebody else's
                    file.parent.rmdir()
        for file, found in files.items():
            if not found or int(found[2]) in stays[found[1]]:
                continue
            if file.read_bytes() != self._moved(f"/{found[0].removesuffix('.html')}"):
                file.unlink(missing_ok=True)

    def _changed(self, is_due: bool) -> list[str]:
        """The pages of incidents with new entries, however old, and the months that may name them.

        What stands in them may be wrong, or must not stand there any more. Of the months those that are
        there: all of them at the start, and when a system changed. A page that is not there yet says nothing
        wrong and waits for its turn.
        """
        if not is_due and self._seen is not None:
            return []
        is_first = self._seen is None
        entry, audit = self._seen or (None, None)
        changes = record_changes(entry, audit, clock.now())
        self._seen = (changes.entry, changes.audit)
        there = {file: MONTH.fullmatch(self._name(file)) for file in self.folder.glob("**/history/*.html")}
        changed = {f"{day:%Y-%m}" for day in changes.months}
        is_all = is_first or changes.is_wide
        months = [
            self._path(file) for file, found in there.items() if found and (is_all or found[1] in changed)
        ]
        pages = in_languages(incident_pages(changes.numbers)) + texts_of(changes.numbers)
        self._missing += [page for page in pages if self._is_missing(page)]
        return [page for page in pages if not self._is_missing(page)] + months

    def _fill_in(self, is_time: bool) -> None:
        """Write some of the pages that are missing, and the page that says what still works."""
        if is_time:
            with self.app.app_context():
                pages = dict.fromkeys([*self._missing, *month_paths()])
            self._missing = [page for page in pages if self._is_missing(page)]
        for path in self._missing[:PAGES_AT_ONCE]:
            self.write(path)
        del self._missing[:PAGES_AT_ONCE]
        if not self._has_unavailable or (is_time and not (self.folder / UNAVAILABLE).exists()):
            self._unavailable()
            self._has_unavailable = True

    def _is_missing(self, path: str) -> bool:
        return not (self.folder / file_of(path)).exists()

    def _unavailable(self) -> int:
        """Write what a web server shows in place of what needs us; returns how many files that is."""
        draw = self.app.extensions["unavailable_page"]
        for language in LANGUAGES:
            name = UNAVAILABLE if language == DEFAULT else f"{language}/{UNAVAILABLE}"
            self._put(self.folder / name, draw(self.app, language).encode())
        return len(LANGUAGES)

    def _moved(self, path: str) -> bytes:
        """The file of an incident that was merged into another: it leads there. Empty for any other page."""
        found = NUMBERED.search(file_of(path))
        if not found or found[1] != "incidents":
            return b""
        with self.app.app_context():
            kept = public_duplicate(int(found[2]))
        if kept is None:
            return b""
        prefix = path.removeprefix("/").partition("/")[0]
        t = LANGUAGES.get(prefix, LANGUAGES[DEFAULT])
        sentence = t("incident.merged", ref=reference(int(found[2])), kept=reference(kept))
        if path.endswith(".txt"):
            return f"{sentence} incidents/{kept}.txt\n".encode()
        return MOVED.format(language=t.language, kept=kept, sentence=sentence).encode()

    def _oldest(self) -> list[str]:
        """Some pages of long ago, in turn: what they say of other incidents may have changed."""
        found = [*self.folder.glob("**/incidents/*.html"), *self.folder.glob("**/history/*.html")]
        ours = [file for file in found if any(kind.fullmatch(self._name(file)) for kind in (NUMBERED, MONTH))]
        return [self._path(file) for file in sorted(ours, key=lambda file: file.stat().st_mtime)[:OLDEST]]

    def _name(self, file: Path) -> str:
        return file.relative_to(self.folder).as_posix()

    def _path(self, file: Path) -> str:
        return f"/{self._name(file.with_suffix(''))}"

    def _numbered(self) -> list[Path]:
        return [file for kind in ("incidents", "maintenance") for file in self.folder.glob(f"**/{kind}/*.*")]

    def _complete(self, path: str, body: bytes) -> bytes:
        """A page with its script inside it: it needs no other file but pictures and fonts."""
        if "." in path.rpartition("/")[2]:
            return body
        if IS_OVER in body:
            body = WORD.sub(rb'<div data-posture="unknown">\1', body, count=1)
        for name in SCRIPTS:
            tag = f'<script src="{asset_url(name)}" defer></script>'
            body = body.replace(tag.encode(), f'<script type="module">{asset_text(name)}</script>'.encode())
        return body

    def _put_assets(self, body: bytes) -> None:
        """Write what a page refers to beside it: the organisation's logos and its icon for the tab."""
        for name in {found.decode() for found in ASSET.findall(body)}:
            target = self.folder / "assets" / name
            if not target.exists():  # its name changes with its content
                self._put(target, asset_body(name))

    def _put(self, target: Path, body: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        for folder in (target.parent, *target.parent.parents):
            if folder.is_relative_to(self.folder):
                folder.chmod(0o755)  # whoever gives them out is another user, whatever our umask says
        part = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            part.write_bytes(body)
            part.chmod(0o644)
            part.replace(target)  # readers see the old file or the new one, never a half
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _fonts(self) -> None:
        source = Path(str(self.app.static_folder)) / "vendor/fonts"
        shutil.copytree(source, self.folder / "static/vendor/fonts", dirs_exist_ok=True)

    def _finish(self, problem: str) -> None:
        if problem and not self.problem:
            log.error("the public files in %s are not being written: %s", self.folder, problem)
            self.problem = problem
        if not problem and (self.problem or not self._has_fonts):
            self._fonts()
            self.problem = ""

    @property
    def _has_fonts(self) -> bool:
        return (self.folder / "static/vendor/fonts").is_dir()


def in_languages(paths: Iterable[str]) -> list[str]:
    """Each path in every language: `/history` and `/de/history`."""
    return [path if language == DEFAULT else f"/{language}{path}" for path in paths for language in LANGUAGES]


def current_paths() -> tuple[list[str], list[str]]:
    """Paths of the pages that change by the minute, and of others that people look for during an incident.

    The others are what was resolved lately, and further maintenance.
    """
    shown = public_status(clock.now())
    hot = [one.number for one in (*shown.active, *shown.recent[:HOT])]
    recent = [one.number for one in shown.recent[HOT:]]
    works = [f"/maintenance/{one.number}" for one in public_maintenances()]
    return (
        in_languages([*START, *incident_pages(hot), *works[:HOT]]) + texts_of(hot),
        in_languages([*incident_pages(recent), *works[HOT:]]) + texts_of(recent),
    )


def incident_pages(numbers: list[int]) -> list[str]:
    """Paths of these incidents' public pages."""
    return [f"/incidents/{number}" for number in numbers]


def texts_of(numbers: list[int]) -> list[str]:
    """Paths of these incidents as plain text, which is English in every language."""
    return [f"/incidents/{number}.txt" for number in numbers]


def system_files() -> list[str]:
    """Paths of the feeds and badges of every listed system: any of them may name what is private by now."""
    names = [feed_name(name) for name, _ in listed_systems()]
    feeds = [f"/systems/{name}.{kind}" for name in names for kind in ("atom", "rss")]
    return feeds + in_languages(f"/systems/{name}/badge.svg" for name in names)


def past_paths() -> list[str]:
    """Paths of every public incident, of this month, and of every month before that has any."""
    pages = incident_pages([*every_public_incident(), *every_public_duplicate()])
    return in_languages(pages) + month_paths()


def month_paths() -> list[str]:
    """Paths of this month and of every month before that has public incidents, in every language."""
    return in_languages(f"/history/{day:%Y-%m}" for day in public_months(clock.now().date()))


def file_of(path: str) -> str:
    """`/` is index.html, `/incidents/42` incidents/42.html; what has an ending keeps it."""
    if path.endswith("/"):
        return f"{path[1:]}index.html"
    return path[1:] if "." in path.rpartition("/")[2] else f"{path[1:]}.html"
