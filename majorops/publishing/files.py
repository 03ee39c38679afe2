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
from datetime import date
from pathlib import Path

from flask import Flask

from majorops import clock
from majorops.domain.systems import feed_name
from majorops.domain.text import reference
from majorops.i18n import DEFAULT, LANGUAGES
from majorops.projections import public_duplicate, public_maintenances, public_month, public_status
from majorops.projections.lists import (
    changed_since,
    every_public_duplicate,
    every_public_incident,
    still_public,
)
from majorops.projections.systems import listed_systems
from majorops.publishing.snapshots import Snapshots
from majorops.web.assets import asset_text, asset_url

log = logging.getLogger(__name__)

RESTAMP = 60.0  # seconds after which a file gets a new *as of*, though it says the same
OLDEST = 20  # files of long ago that are looked at again each minute
HOT = 5  # incidents that were resolved last: what is said of them may change still
FIXED = (
    "/history.rss",
    "/history.atom",
    "/maintenance.rss",
    "/maintenance.atom",
    "/maintenance.ics",
    "/badge.svg",
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
# Files cannot answer with a redirect.
MOVED = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={kept}"><title>{sentence}</title>
<p><a href="{kept}">{sentence}</a></p>
"""
NUMBERED = re.compile(r"(?:(?:[a-z]{2}/)?(incidents|maintenance))/(\d+)\.(?:html|txt)$")


class PublicFiles:
    """The files of one folder.

    `problem`: why they are not being written, for the people who run the place; empty while all is well.
    """

    def __init__(self, app: Flask, snapshots: Snapshots, folder: Path):
        self.app, self.snapshots, self.folder = app, snapshots, folder
        self.problem = ""
        self._written: dict[str, tuple[str, float]] = {}
        self._swept = 0.0
        self._seen = 0  # the newest entry whose incident was written

    def freshen(self, has_changed: bool) -> None:
        """Write what may say something new, and once a minute all of `current_paths`.

        Called after a change, and every few seconds, as badges change by the clock. Never raises for a disk.
        """
        try:
            with self.app.app_context():
                hot, others = current_paths()
                feeds = system_feeds()
            is_time = time.monotonic() - self._swept > RESTAMP
            if has_changed or is_time:
                self.sweep()
            paths = [*hot, *(self._changed() if has_changed or is_time else ())]
            paths += FIXED if has_changed or is_time else ()
            paths += [*self._months(), *feeds] if has_changed else ()
            paths += [*others, *self._oldest()] if is_time else ()
            for path in dict.fromkeys(paths):
                self.write(path)
            self._swept = time.monotonic() if is_time else self._swept
            self._finish("")
        except OSError as error:
            self._finish(f"{error.strerror or error}, since {clock.now():%H:%M:%S} UTC")

    def write_all(self) -> int:
        """Write every public page there is; returns how many files stand. Raises OSError."""
        self.sweep()
        with self.app.app_context():
            hot, others = current_paths()
            paths = [*hot, *FIXED, *others, *past_paths(), *system_feeds()]
        count = sum(self.write(path) for path in dict.fromkeys(paths))
        self._fonts()
        return count

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
            self._put(target, self._complete(path, found.bodies["identity"]))
            self._written[path] = (found.name, time.monotonic())
        return True

    def sweep(self) -> None:
        """Remove first of all the files of incidents, maintenance and systems that are public no more."""
        files = {file: NUMBERED.search(file.relative_to(self.folder).as_posix()) for file in self._numbered()}
        with self.app.app_context():
            stays = {
                kind: still_public(kind, [int(m[2]) for m in files.values() if m and m[1] == kind])
                for kind in ("incidents", "maintenance")
            }
            feeds = {path[1:] for path in system_feeds()}
        for file in self.folder.glob("systems/*.*"):
            if file.relative_to(self.folder).as_posix() not in feeds and not file.name.startswith("."):
                file.unlink(missing_ok=True)
        for file, found in files.items():
            if not found or int(found[2]) in stays[found[1]]:
                continue
            if file.read_bytes() != self._moved(f"/{found[0].removesuffix('.html')}"):
                file.unlink(missing_ok=True)

    def _changed(self) -> list[str]:
        """The pages of the incidents of which something was recorded since the last look, however old.

        What stands in them may be wrong, or must not stand there any more.
        """
        with self.app.app_context():
            numbers, self._seen = changed_since(self._seen)
        return in_languages(incident_pages(numbers)) + texts_of(numbers)

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

    def _months(self) -> list[str]:
        """The months that are there: any of them may name what is private by now."""
        found = self.folder.glob("**/history/*.html")
        return [f"/{file.relative_to(self.folder).with_suffix('').as_posix()}" for file in found]

    def _oldest(self) -> list[str]:
        """Some pages of long ago, in turn: what they say of other incidents may have changed."""
        files = sorted(self.folder.glob("**/incidents/*.html"), key=lambda file: file.stat().st_mtime)
        return [f"/{file.relative_to(self.folder).with_suffix('').as_posix()}" for file in files[:OLDEST]]

    def _numbered(self) -> list[Path]:
        return [file for kind in ("incidents", "maintenance") for file in self.folder.glob(f"**/{kind}/*.*")]

    def _complete(self, path: str, body: bytes) -> bytes:
        """A page that needs no other file: its script stands inside it."""
        if "." in path.rpartition("/")[2]:
            return body
        with self.app.test_request_context():
            tag = f'<script src="{asset_url("public.js")}" defer></script>'
            inside = f'<script type="module">{asset_text("public.js")}</script>'
        if IS_OVER in body:
            body = WORD.sub(rb'<div data-posture="unknown">\1', body, count=1)
        return body.replace(tag.encode(), inside.encode())

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
        in_languages(["/", "/history", *incident_pages(hot), *works[:HOT]]) + texts_of(hot),
        in_languages([*incident_pages(recent), *works[HOT:]]) + texts_of(recent),
    )


def incident_pages(numbers: list[int]) -> list[str]:
    """Paths of these incidents' public pages."""
    return [f"/incidents/{number}" for number in numbers]


def texts_of(numbers: list[int]) -> list[str]:
    """Paths of these incidents as plain text, which is English in every language."""
    return [f"/incidents/{number}.txt" for number in numbers]


def system_feeds() -> list[str]:
    """Paths of the feeds of every listed system: any of them may name what is private by now."""
    names = [feed_name(name) for name, _ in listed_systems()]
    return [f"/systems/{name}.{kind}" for name in names for kind in ("atom", "rss")]


def past_paths() -> list[str]:
    """Paths of every public incident, of this month, and of every month before that has any."""
    pages = incident_pages([*every_public_incident(), *every_public_duplicate()])
    day: date | None = clock.now().date().replace(day=1)
    while day is not None:
        pages.append(f"/history/{day:%Y-%m}")
        day = public_month(day).before
    return in_languages(pages)


def file_of(path: str) -> str:
    """`/` is index.html, `/incidents/42` incidents/42.html; what has an ending keeps it."""
    if path.endswith("/"):
        return f"{path[1:]}index.html"
    return path[1:] if "." in path.rpartition("/")[2] else f"{path[1:]}.html"


def files_problem(app: Flask) -> str:
    """Why the public files are not being written, as far as this process knows.

    Empty when they are, or are not wanted.
    """
    files = app.extensions.get("public_files")
    return files.problem if files else ""
