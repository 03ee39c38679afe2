"""uvicorn's HTTP with a fast path for public pages, and with bounds.

Bounds for who asks slowly, too much, or not at all. The one file that touches uvicorn's private parts;
tests/asgi/test_private_parts.py names them.
"""

from __future__ import annotations

import asyncio
import re
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from majorops.asgi.admission import AdmissionQueue
from majorops.asgi.limits import IdleConnections
from majorops.asgi.public_pages import PublicPages
from majorops.asgi.session_cookie import SessionCookie
from majorops.publishing.snapshots import Snapshot, accepted

COOKIE = re.compile(rb"\r\ncookie:([^\r\n]*)", re.IGNORECASE)
HEAD_SECONDS = 10.0  # until the whole head of a request must be here
HEAD_BYTES = 65_536
TOO_SLOW = (b"408 Request Timeout", b"The head of the request did not come within 10 seconds.")
TOO_LARGE = (b"431 Request Header Fields Too Large", b"The head of the request is larger than 64 KB.")


class _FinishedCycle:
    """Stands for the request that a finished answer was written to."""

    response_complete, disconnected = True, False
    message_event = asyncio.Event()


async def _refuse_malformed(scope, receive, send) -> None:
    """The ASGI application of a request whose body is malformed, where it is not first."""
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


class BoundedProtocol(HttpToolsProtocol):
    """The head of a request comes within 10 s and 64 KB.

    One address keeps at most `IDLE_PER_ADDRESS` connections that ask for nothing.
    """

    idle = IdleConnections()
    head_seconds, head_bytes = HEAD_SECONDS, HEAD_BYTES

    def connection_made(self, transport) -> None:
        """Count the connection as idle and give its first head `head_seconds`.

        It is closed at once where its address has too many already.
        """
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._is_counted = self._is_in_head = self._is_too_large = self._has_begun = False
        self._fed = self._size = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._count_as_idle()
        self._time_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection no more; `exc` is None where it was closed in order."""
        self._stop_timing()
        self._stop_counting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; 431 for a head beyond `head_bytes`, 408 later for one beyond `head_seconds`."""
        self._has_begun = False
        super().data_received(data)
        # Only bytes that the head has for itself: those with its begin, or its end, hold others' too.
        if self._is_in_head and not self._has_begun:
            self._fed += len(data)
            if self._fed > self.head_bytes:
                return self._refuse(*TOO_LARGE)
        # A head that has begun, or a stray byte after an answer: the keep-alive timer does not run any more.
        is_idle = self.cycle is None or self.cycle.response_complete
        if self._is_in_head or (is_idle and self.timeout_keep_alive_task is None):
            self._time_head()
        return None

    def on_message_begin(self) -> None:
        """A head begins: what is counted of it starts at zero."""
        super().on_message_begin()
        self._is_in_head, self._has_begun, self._fed, self._size = True, True, 0, 0

    def on_url(self, url: bytes) -> None:
        """Count a part of the address.

        Raises ValueError beyond `head_bytes`, which stops the parser.
        """
        super().on_url(url)
        self._grow(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header with its `: ` and line end.

        Raises ValueError beyond `head_bytes`, which stops the parser.
        """
        super().on_header(name, value)
        self._grow(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """The head is here in time."""
        self._is_in_head = False
        self._stop_timing()
        # The answer before this one set it, in the same batch of bytes: it would cut this answer.
        self._unset_keepalive_if_required()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is here; until its answer is written the connection does not count as idle."""
        super().on_message_complete()
        if not self.cycle.response_complete:
            self._stop_counting()

    def on_response_complete(self) -> None:
        """The connection counts as idle again; it is closed where its address has too many."""
        super().on_response_complete()
        self._count_as_idle()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser stopped at: 431 for a head that is too large, else 400 with `msg`.

        Nothing is written while answers to earlier requests are on their way (`_ends_with_answers`).
        """
        if self._is_too_large:
            self._refuse(*TOO_LARGE)
        elif not self._ends_with_answers():
            super().send_400_response(msg)

    def _default_headers(self) -> bytes:
        """The lines that the server gives to every answer: the Date."""
        return b"".join(b"%b: %b\r\n" % line for line in self.server_state.default_headers)

    def _ends_with_answers(self) -> bool:
        """Whether answers to earlier requests are on their way, so that the connection ends with them.

        A refusal now would be read as the answer to the first of those requests.
        """
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return False
        if not cycle.more_body:
            cycle.keep_alive = False
        elif self.pipeline:  # its own body is malformed: it is refused when it is its turn
            self.pipeline[0] = (cycle, _refuse_malformed)
        else:
            cycle.disconnected = True  # nobody waits for the rest of its body
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.close()
            return cycle.response_started
        self.transport.pause_reading()
        return True

    def _grow(self, count: int) -> None:
        self._size += count
        if self._size > self.head_bytes:
            self._is_too_large = True
            raise ValueError("the head is too large")  # the parser stops, and send_400_response is called

    def _count_as_idle(self) -> None:
        if not self._is_counted and not self.transport.is_closing():
            self._is_counted = self.idle.begin(self._address)
            if not self._is_counted:
                self.transport.close()

    def _stop_counting(self) -> None:
        if self._is_counted:
            self._is_counted = False
            self.idle.end(self._address)

    def _time_head(self) -> None:
        if self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self.head_seconds, self._head_is_late)

    def _stop_timing(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._time_head()  # the answer before is still on its way
        elif self._is_in_head:
            self._refuse(*TOO_SLOW)
        else:
            self.transport.close()

    def _refuse(self, status: bytes, text: bytes) -> None:
        self._stop_timing()
        if self.transport.is_closing() or self._ends_with_answers():
            return
        head = b"HTTP/1.1 %b\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n" % (status, len(text))
        self.transport.write(head + self._default_headers() + b"connection: close\r\n\r\n" + text)
        self.transport.close()


def cookies(head: bytes) -> list[tuple[bytes, bytes]]:
    """The cookie headers in the raw bytes of a head, whose first line is the request's."""
    return [(b"cookie", value) for value in COOKIE.findall(head)]


class PublicPagesProtocol(BoundedProtocol):
    """Finished pages are written at once, without a task and a scope for each.

    Anonymous requests are admitted in batches.
    """

    pages: PublicPages
    logs_requests = False  # then each request goes to the application, which logs it
    admission: AdmissionQueue
    session_cookie: SessionCookie

    def data_received(self, data: bytes) -> None:
        """Parse what came.

        A new request of a stranger waits, and its connection is not read, until the queue admits it.
        """
        is_new = not self._is_in_head and (self.cycle is None or self.cycle.response_complete)
        if (
            is_new
            and not self.admission.admits(self.loop)
            and not self.session_cookie.is_signed_in(cookies(data))
        ):
            self.transport.pause_reading()
            self.admission.enqueue(self, data)
        else:
            super().data_received(data)

    def on_admitted(self, data: bytes) -> None:
        """Go on with what was received when there was no room."""
        if not self.transport.is_closing():
            self.transport.resume_reading()
            super().data_received(data)

    def on_headers_complete(self) -> None:
        """Write the finished page that a GET or HEAD asks for; all else goes on to the application."""
        if not self._has_answered():
            super().on_headers_complete()

    def _has_answered(self) -> bool:
        if self.logs_requests:
            return False
        method, is_free = self.parser.get_method(), self.cycle is None or self.cycle.response_complete
        if method not in (b"GET", b"HEAD") or not is_free or self.access_log or self.flow.write_paused:
            return False
        if self.parser.get_http_version() != "1.1" or self.parser.should_upgrade():
            return False
        path, _, query = self.url.partition(b"?")
        key = self.pages.key_of(path, query, self.headers, self.scheme or "http")
        found = self.pages.find(key) if key else None
        if found is None:
            return False
        self._is_in_head = False
        self._stop_timing()
        self._write(found, method)
        return True

    def _write(self, found: Snapshot, method: bytes) -> None:
        encoding, is_known = "identity", False
        for name, value in self.headers:
            if name == b"accept-encoding":
                encoding = accepted(value.decode("latin-1"))
            elif name == b"if-none-match":
                is_known = found.is_known(value.decode("latin-1"))
        parts = [(found.unchanged if is_known else found.heads)[encoding], self._default_headers()]
        stays = self.parser.should_keep_alive()
        parts.append(b"\r\n" if stays else b"connection: close\r\n\r\n")
        if method == b"GET" and not is_known:
            parts.append(found.bodies[encoding])
        self.cycle = cast(RequestResponseCycle, _FinishedCycle)
        self.transport.write(b"".join(parts))
        self.server_state.total_requests += 1
        self._unset_keepalive_if_required()  # of the answer before, when several were asked for at once
        if stays:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            self.transport.close()
