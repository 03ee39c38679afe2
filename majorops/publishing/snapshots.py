"""The public pages, feeds and JSON as finished bytes.

Drawn after the change that made them stale, kept while people ask. One drawing serves everybody. It goes
through the same views as any request, as a stranger without a cookie. What cannot be drawn, because the
database is gone, leaves the last good bytes in place; what is no longer public leaves nothing.
"""

from __future__ import annotations

import gzip
import logging
import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache

import brotli
from flask import Flask
from werkzeug.exceptions import HTTPException, NotFound

from majorops.i18n import DEFAULT, texts_at

log = logging.getLogger(__name__)

FRESH = 5.0  # seconds that bytes are given out without being drawn again, whatever was heard
REFRESH = 2.5  # seconds between two drawings of what people ask for
PAUSE = 0.15  # seconds between two rounds, however fast changes come
WANTED = 30.0  # seconds that a page counts as asked for
WANTED_MOST = 40  # pages that are kept drawn
MOST = 400  # pages kept at all
ENCODINGS = ("br", "gzip", "identity")
SUFFIX = {"br": "-br", "gzip": "-gz", "identity": ""}
NOT_SENT = {"date", "content-length", "content-encoding", "etag", "vary", "set-cookie"}
TEXT = "text"
PAGED_MOST = 60  # older pages of timelines that are kept; there are as many as anybody likes to ask for
MISSING = "/there-is-nothing-here"  # an address that has no route
NAMED = re.compile(r"(/[a-z]{2})?/incidents/\d{1,9}(\.txt)?")  # its 404 says which incident there is not
Key = tuple[str, ...]
"""Where people reach us (`https://status.example.org`), the path (with `?before=` for an older page of
a timeline), and TEXT for who wants plain text at a page's address.
"""


@dataclass(frozen=True)
class Snapshot:
    """A finished answer.

    `name`: of what it says, for the ETag. `heads`, `bodies` and `unchanged` (heads of 304) by encoding; a
    head is everything of HTTP/1.1 but the Date. `at`: when its drawing began, by `time.monotonic()`.
    """

    name: str
    headers: tuple[tuple[str, str], ...]
    bodies: dict[str, bytes]
    heads: dict[str, bytes]
    unchanged: dict[str, bytes]
    at: float

    def is_known(self, if_none_match: str) -> bool:
        """The asking browser has it already, in any encoding. `if_none_match`: the header's text."""
        known = {tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(",")}
        return bool(known & {"*", *(self.name + suffix for suffix in SUFFIX.values())})

    def headers_for(self, encoding: str) -> list[tuple[bytes, bytes]]:
        """All headers but the Date, as an ASGI server takes them."""
        return [(name.lower().encode(), value.encode("latin-1")) for name, value in self._all(encoding)]

    def _all(self, encoding: str) -> list[tuple[str, str]]:
        more = [("ETag", f'"{self.name}{SUFFIX[encoding]}"'), ("Vary", "Accept-Encoding")]
        if encoding != "identity":
            more.append(("Content-Encoding", encoding))
        return [*self.headers, *more, ("Content-Length", str(len(self.bodies[encoding])))]

    @classmethod
    def of(cls, name: str, headers: tuple[tuple[str, str], ...], body: bytes, at: float) -> Snapshot:
        """Compress the body and write the heads, once for all readers."""
        bodies = {
            "identity": body,
            "gzip": gzip.compress(body, 6, mtime=0),
            "br": brotli.compress(body, quality=6),
        }
        made = cls(name, headers, bodies, {}, {}, at)
        for encoding in ENCODINGS:
            lines = made._all(encoding)
            made.heads[encoding] = _head(b"200 OK", lines)
            kept = [line for line in lines if line[0] not in ("Content-Length", "Content-Type")]
            made.unchanged[encoding] = _head(b"304 Not Modified", kept)
        return made


def _head(status: bytes, lines: list[tuple[str, str]]) -> bytes:
    return (
        b"HTTP/1.1 " + status + b"\r\n" + "".join(f"{n.lower()}: {v}\r\n" for n, v in lines).encode("latin-1")
    )


def _missing(key: Key) -> Key:
    """The address whose 404 answers for this one."""
    path = key[1].partition("?")[0]
    if NAMED.fullmatch(path):
        return (key[0], path)
    language = texts_at(path).language
    return (key[0], MISSING if language == DEFAULT else f"/{language}{MISSING}")


@lru_cache(maxsize=256)
def accepted(header: str) -> str:
    """The best of our encodings that an Accept-Encoding header allows; `identity` where it allows none."""
    names = {
        part.split(";")[0].strip()
        for part in header.lower().split(",")
        if "q=0" not in part.replace(" ", "").replace("q=0.", "")
    }
    return next((name for name in ENCODINGS if name in names), "identity")


class Snapshots:
    """All snapshots of this process.

    `find` is a look-up in a dictionary; everything else happens on threads.
    """

    def __init__(self, app: Flask):
        self.app = app
        self._kept: OrderedDict[Key, Snapshot] = OrderedDict()
        self._wanted: dict[Key, float] = {}
        self._fixed: dict[str, Snapshot] = {}  # by path: files that are named by their content
        self._missing: OrderedDict[Key, Snapshot] = OrderedDict()
        self._nothing: OrderedDict[Key, tuple[float, int]] = OrderedDict()
        self._stale_since = 0.0
        self._gone_since = 0.0  # what was drawn before stands in for nothing
        self._is_failing = False
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._drawing = threading.Lock()
        self._thread: threading.Thread | None = None
        self.after_round = lambda changed: None  # called after each round of drawing, on the drawing thread

    def is_public(self, path: str) -> bool:
        """An address that is the same for everybody."""
        if self.app.config["STATUS_PRIVATE"]:
            return False
        try:
            endpoint, _ = self.app.url_map.bind("localhost").match(path)
        except HTTPException:
            return False
        view = self.app.view_functions.get(endpoint)
        return getattr(view, "is_status_page", False) or getattr(view, "is_named_by_content", False)

    def has_route(self, path: str) -> bool:
        """Something may be at this address, for somebody."""
        try:
            self.app.url_map.bind("localhost").match(path)
        except NotFound:
            return False
        except HTTPException:  # another method, or a slash at the end
            return True
        return True

    def nothing(self, key: Key) -> int | None:
        """The status that was answered a moment ago where the public has nothing.

        None when that is not known.
        """
        at, status = self._nothing.get(key, (0.0, 0))
        is_known = at > self._stale_since and time.monotonic() - at <= FRESH
        return status if status and is_known else None

    def find(self, key: Key) -> Snapshot | None:
        """What may be given out now; None for what has to be drawn first."""
        found = self._kept.get(key)
        if found is None:
            return self._fixed.get(key[1])
        now = time.monotonic()
        self._want(key, now)
        is_old = found.at <= self._stale_since or now - found.at > FRESH
        may_stand_in = self._is_failing and found.at > self._gone_since
        return None if is_old and not may_stand_in else found

    def draw(self, key: Key, restamp: bool = False) -> Snapshot | None:
        """Draw it now; None where the public has nothing at this address.

        What says the same keeps its bytes and its *as of*, unless `restamp`: an internal change must
        not show even as a time. Raises what the view raised, if there are no bytes to stand in.
        """
        with (
            self._drawing
        ):  # one after another: they share one processor, and the second finds what the first drew
            known, began = self._kept.get(key), time.monotonic()
            if known and known.at <= self._gone_since:
                known = None
            if known and not restamp and known.at > self._stale_since and began - known.at <= FRESH:
                return known
            try:
                response = self._ask(key)
                self._is_failing = response.status_code >= 500
            except Exception:
                self._is_failing = True
                if known is None:
                    raise
                log.exception("a public page could not be drawn")
                return known
            if response.status_code >= 500:
                return known
            name = response.get_etag()[0]
            if not self._is_for_all(key, response):
                self._kept.pop(key, None)
                self._wanted.pop(key, None)
                self._put(self._nothing, key, (began, response.status_code))
                if response.status_code == 404:  # drawn already, for who asks next
                    self._keep_missing(_missing(key), response, began)
                return None
            if known and known.name == name and not restamp:
                made = replace(known, at=began)
            else:
                headers = tuple((n, v) for n, v in response.headers if n.lower() not in NOT_SENT)
                made = Snapshot.of(name, headers, response.get_data(), began)
            self._keep(key, made, response.cache_control.immutable)
            return made

    def draw_missing(self, key: Key) -> Snapshot:
        """The page for strangers at an address where there is nothing.

        It is the same for all of them for some seconds: one for each incident that was asked for, one in each
        language for all else.
        """
        key = _missing(key)
        with self._drawing:
            found, now = self._missing.get(key), time.monotonic()
            if found is None or found.at <= self._stale_since or now - found.at > FRESH:
                found = self._keep_missing(key, self._ask(key), now)
            return found

    def _keep_missing(self, key: Key, response, at: float) -> Snapshot:
        headers = tuple((n, v) for n, v in response.headers if n.lower() not in NOT_SENT)
        made = Snapshot.of("", headers, response.get_data(), at)
        self._put(self._missing, key, made)
        return made

    @staticmethod
    def _is_for_all(key: Key, response) -> bool:
        """A page with a name that anybody may keep.

        Plain text has one address with the page, so that no cache keeps it: it counts as well.
        """
        is_whole = response.status_code == 200 and response.get_etag()[0]
        return bool(is_whole) and (TEXT in key or "public" in (response.cache_control or ()))

    def _keep(self, key: Key, made: Snapshot, is_fixed: bool) -> None:
        if is_fixed:
            self._fixed[key[1]] = made
            return
        self._nothing.pop(key, None)
        self._put(self._kept, key, made)
        for gone in [one for one in self._kept if "?" in one[1]][:-PAGED_MOST]:
            del self._kept[gone]
        self._want(key, time.monotonic())

    def _want(self, key: Key, now: float) -> None:
        if "?" not in key[1]:
            self._wanted[key] = now

    def _put(self, into: OrderedDict, key: Key, value: object) -> None:
        into[key] = value
        into.move_to_end(key)
        while len(into) > MOST:
            gone, _ = into.popitem(last=False)
            self._wanted.pop(gone, None)

    def _ask(self, key: Key):
        origin, path, *wish = key
        headers = {"Accept": "text/plain"} if TEXT in wish else {}
        with self.app.test_request_context(path, base_url=origin, headers=headers):
            return self.app.full_dispatch_request()

    def invalidate(self) -> None:
        """Something that the public reads changed: what was drawn before now is not given out any more."""
        self._stale_since = time.monotonic()
        self._wake.set()

    def forget(self) -> None:
        """Something is not public any more: no copy drawn before now is given out, whatever happens.

        Never waits: a drawing that is under way is given out by nobody either.
        """
        self._gone_since = time.monotonic()
        self._kept = OrderedDict()
        self.invalidate()

    def start(self) -> None:
        """Keep what people ask for drawn, on a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits two seconds at most for what it draws."""
        self._stopping.set()
        self._wake.set()
        if self._thread:
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            has_changed = self._wake.wait(REFRESH)
            self._wake.clear()
            self._round(restamp=not has_changed)
            try:
                self.after_round(has_changed)
            except Exception:
                log.exception("after drawing")
            self._stopping.wait(PAUSE)

    def _round(self, restamp: bool) -> None:
        now = time.monotonic()
        for key in [key for key, at in list(self._wanted.items()) if now - at > WANTED]:
            self._wanted.pop(key, None)
        wanted = self._wanted.copy()
        for key in sorted(wanted, key=lambda one: wanted[one], reverse=True)[:WANTED_MOST]:
            at = self._wanted.get(key, now)
            try:
                self.draw(key, restamp)
            except Exception:
                log.exception("a public page could not be drawn")
            if key in self._wanted:
                self._wanted[key] = at  # our own drawing is nobody asking
