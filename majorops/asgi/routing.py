"""Where a request goes.

Event streams and public pages stay on the event loop, all else goes to Flask, in threads by kind of request.
"""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from majorops.asgi.bridge import BufferedBridge, StreamingBridge, read_body
from majorops.asgi.pools import Pool, StaffRequests
from majorops.asgi.public_pages import Busy, PublicPages
from majorops.asgi.refusals import too_many
from majorops.asgi.session_cookie import SessionCookie
from majorops.realtime import Streams
from majorops.realtime.streams import refuse
from majorops.web.assets import asset_url
from majorops.web.streams import STREAM

DRAFTING = 16  # threads of their own for what waits for a model: a slow one holds nobody else up
DRAFT = re.compile(r"/admin/incidents/\d+/drafts/[a-z]+")
# What tries passwords and codes, or asks the provider: slow on purpose, or as slow as somebody else.
SIGNING_IN = {("POST", "/login"), ("POST", "/setup"), ("GET", "/login/oidc"), ("GET", "/auth/callback")}
HEALTH = {"/healthz", "/readyz"}
DIRECTORY = "/scim/"  # who leaves is out in time, also while a crowd reads
BODY_SECONDS = 60.0  # until a request's body must be here


class Router:
    """The ASGI application of all HTTP requests."""

    def __init__(
        self,
        flask_app: Flask,
        streams: Streams,
        pages: PublicPages,
        session_cookie: SessionCookie,
        staff: StaffRequests,
    ):
        self._flask_app, self._streams, self._pages = flask_app, streams, pages
        self._session_cookie, self._staff_requests = session_cookie, staff
        self._staff, self._anonymous = Pool("staff", 16, 2_000), Pool("anonymous", 3, 64)
        self._signing_in, self._health = Pool("signing-in", 4, 32), Pool("health", 1, 16)
        self._directory = Pool("directory", 1, 32)
        self._drafting = ThreadPoolExecutor(DRAFTING, thread_name_prefix="drafting")

    async def __call__(self, scope, receive, send) -> None:
        """Answer one request over HTTP.

        503 where too many wait for the same threads, 408 for a body that did not come within `BODY_SECONDS`;
        nothing for who left before the body was here.
        """
        if STREAM.fullmatch(scope["path"]):
            return await self._streams(scope, receive, send)
        is_staff = self._session_cookie.is_signed_in(scope["headers"])
        try:
            if scope["method"] in ("GET", "HEAD") and await self._pages.answer(
                scope, send, is_anonymous=not is_staff
            ):
                return None
        except Busy:
            return await too_many(scope, send, b"", asset_url("public.css"))
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await read_body(scope, receive, self._flask_app.config["MAX_CONTENT_LENGTH"])
        except TimeoutError:
            return await refuse(send, 408)
        if body is not None:
            await self._to_flask(scope, receive, send, body, is_staff)

    def stop(self) -> None:
        """Finish what has begun in the threads; drafts are left to themselves."""
        self._drafting.shutdown(wait=False, cancel_futures=True)
        for pool in (self._staff, self._anonymous, self._signing_in, self._health, self._directory):
            pool.stop()

    async def _to_flask(self, scope, receive, send, body: bytes, is_staff: bool) -> None:
        if is_staff and DRAFT.fullmatch(scope["path"]):
            streaming = StreamingBridge(self._flask_app, self._drafting, body, self._staff_requests, True)
            return await streaming(scope, receive, send)
        pool = self._pool_for(scope["method"], scope["path"], is_staff)
        if not pool.enter():
            return await too_many(scope, send, body, asset_url("public.css"))
        try:
            goes_first = pool in (self._staff, self._health)
            bridge = BufferedBridge(self._flask_app, pool.executor, body, self._staff_requests, goes_first)
            await bridge(scope, receive, send)
        finally:
            pool.leave()

    def _pool_for(self, method: str, path: str, is_staff: bool) -> Pool:
        if (method, path) in SIGNING_IN:
            return self._signing_in
        if path in HEALTH:
            return self._health
        if path.startswith(DIRECTORY):
            return self._directory
        return self._staff if is_staff else self._anonymous
