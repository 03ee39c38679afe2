"""Where a request goes.

Event streams and public pages stay on the event loop, all else goes to Flask, in threads by kind of request.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from majorops.admin import imports
from majorops.alerts import hooks
from majorops.asgi.alerts_in import AlertsIn
from majorops.asgi.bridge import BodyIsLateError, BufferedBridge, StreamingBridge, read_body
from majorops.asgi.pools import Pool, StaffRequests
from majorops.asgi.programs import Programs
from majorops.asgi.public_pages import Busy, PublicPages
from majorops.asgi.refusals import too_many
from majorops.asgi.session_cookie import SessionCookie
from majorops.realtime import Streams
from majorops.realtime.streams import refuse
from majorops.web.assets import asset_url
from majorops.web.branding import Brand, brand_of
from majorops.web.streams import STREAM

DRAFTING = 16  # threads of their own for what waits for a model: a slow one holds nobody else up
DRAFT = re.compile(r"/admin/incidents/\d+/(?:drafts/[a-z]+|review/ai-draft)")
EXPORTING = 3  # files of all rows: they take long, and hold up neither staff nor drafts
EXPORT = re.compile(r"/admin/data/[a-z-]+/export/[a-z]+/")
# What tries passwords and codes, or asks the provider: slow on purpose, or as slow as somebody else.
SIGNING_IN = {("POST", "/login"), ("POST", "/setup"), ("GET", "/login/oidc"), ("GET", "/auth/callback")}
HEALTH = {"/healthz", "/readyz"}
DIRECTORY = "/scim/"  # who leaves is out in time, also while a crowd reads
# Tokens: neither strangers nor people wait for them, nor they for strangers.
PROGRAMS = ("/api/v1/", "/mcp", "/metrics")
CHATS = f"{hooks.PREFIX}/"  # what is typed in a chat; alerts are answered without Flask


class Router:
    """The ASGI application of all HTTP requests."""

    def __init__(
        self,
        flask_app: Flask,
        streams: Streams,
        pages: PublicPages,
        session_cookie: SessionCookie,
        staff: StaffRequests,
        programs: Programs,
    ):
        self._flask_app, self._streams, self._pages = flask_app, streams, pages
        self._session_cookie, self._staff_requests = session_cookie, staff
        self._programs = programs
        self._staff, self._anonymous = Pool("staff", 16, 2_000), Pool("anonymous", 3, 64)
        self._signing_in, self._health = Pool("signing-in", 4, 32), Pool("health", 1, 16)
        self._directory, self._api = Pool("directory", 1, 32), Pool("api", 4, 200)
        self._chats, self._alerts_in = Pool("chats", 1, 32), AlertsIn(flask_app, staff)
        self._drafting = ThreadPoolExecutor(DRAFTING, thread_name_prefix="drafting")
        self._exporting = ThreadPoolExecutor(EXPORTING, thread_name_prefix="exporting")

    async def __call__(self, scope, receive, send) -> None:
        """Answer one request over HTTP.

        503 where too many wait for the same threads, 408 for a body that did not come within `BODY_SECONDS`;
        nothing for who left before the body was here.
        """
        if STREAM.fullmatch(scope["path"]):
            return await self._streams(scope, receive, send)
        if self._programs.wants_events(scope):
            return await self._programs.stream(scope, receive, send)
        is_staff = self._session_cookie.is_signed_in(scope["headers"])
        try:
            if scope["method"] in ("GET", "HEAD") and await self._pages.answer(
                scope, send, is_anonymous=not is_staff
            ):
                return None
        except Busy:
            return await too_many(scope, send, b"", *self._look())
        try:
            await self._read_and_answer(scope, receive, send, is_staff)
        except BodyIsLateError:
            await refuse(send, 408)
        return None

    def stop(self) -> None:
        """Finish what has begun in the threads; drafts and exports are left to themselves."""
        for threads in (self._drafting, self._exporting):
            threads.shutdown(wait=False, cancel_futures=True)
        others = (self._signing_in, self._health, self._directory, self._api, self._chats, self._alerts_in)
        for pool in (self._staff, self._anonymous, *others):
            pool.stop()
        self._programs.stop()

    def _look(self) -> tuple[str, Brand]:
        return asset_url("public.css"), brand_of(self._flask_app.config)

    async def _read_and_answer(self, scope, receive, send, is_staff: bool) -> None:
        if self._alerts_in.takes(scope):
            return await self._alerts_in.answer(scope, receive, send)
        most = self._flask_app.config["MAX_CONTENT_LENGTH"]
        if is_staff and scope["path"].startswith(f"{imports.PREFIX}/"):
            most = imports.LONGEST
        body = await read_body(scope, receive, most)
        if body is not None:
            await self._to_flask(scope, receive, send, body, is_staff)
        return None

    async def _to_flask(self, scope, receive, send, body: bytes, is_staff: bool) -> None:
        if is_staff and (threads := self._streaming(scope["path"])):
            streaming = StreamingBridge(self._flask_app, threads, body, self._staff_requests, True)
            return await streaming(scope, receive, send)
        pool = self._pool_for(scope["method"], scope["path"], is_staff)
        if not pool.enter():
            if pool is self._api:
                return await self._programs.refuse(send, 503, "Too many programs ask at this moment.")
            return await too_many(scope, send, body, *self._look())
        try:
            goes_first = pool in (self._staff, self._health)
            bridge = BufferedBridge(self._flask_app, pool.executor, body, self._staff_requests, goes_first)
            await bridge(scope, receive, send)
        finally:
            pool.leave()

    def _streaming(self, path: str) -> ThreadPoolExecutor | None:
        """The threads for what is sent while it is made; None for all else."""
        if DRAFT.fullmatch(path):
            return self._drafting
        return self._exporting if EXPORT.fullmatch(path) else None

    def _pool_for(self, method: str, path: str, is_staff: bool) -> Pool:
        if (method, path) in SIGNING_IN:
            return self._signing_in
        if path in HEALTH:
            return self._health
        if path.startswith(DIRECTORY):
            return self._directory
        if path.startswith(PROGRAMS):
            return self._api
        if path.startswith(CHATS):
            return self._chats
        return self._staff if is_staff else self._anonymous
