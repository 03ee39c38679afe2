"""HTTP to the OpenID provider, and to where a proxy keeps its keys.

Whatever the other side does, all that one request of ours asks of it ends within one deadline.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

DEADLINE = 4.5  # seconds for all that one request of ours asks of the provider
LARGEST = 512 * 1024  # bytes of one answer
# A provider that hangs must not take all of the server's threads: the fireground needs them just then.
AT_ONCE = threading.BoundedSemaphore(6)


class Deadline(HTTPAdapter):
    """Transport of requests for one conversation. Raises requests.Timeout when its time is over.

    The time-out of requests starts anew with every byte, for headers as for the body, and does not
    bound the look-up of the name. So every exchange runs in a thread that is waited for no longer than
    the deadline; then its connections are shut, and with them it ends.
    """

    def __init__(self) -> None:
        self.ends_at = time.monotonic() + DEADLINE
        self.lines: list[socket.socket] = []
        super().__init__()

    def init_poolmanager(self, *args, **kwargs) -> None:
        """As requests has it, with connections that are remembered (`watch`): `send` shuts them."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self.watch)

    def left(self) -> float:
        """Seconds until the deadline; 0 when it is over."""
        return max(self.ends_at - time.monotonic(), 0)

    def watch(self, line: socket.socket) -> None:
        """Remember a connection by a descriptor of our own: TLS takes the other one over."""
        self.lines.append(socket.socket(fileno=os.dup(line.fileno())))

    def send(self, request, **options):
        """One request and its whole answer; all connections are shut afterwards.

        Waits a second at most while six others of this process run. Raises requests.Timeout, for that
        too, and RequestException for an answer of more than LARGEST bytes.
        """
        if not AT_ONCE.acquire(timeout=min(1, self.left())):
            raise requests.Timeout("too many conversations with the provider at once")
        answer: Future = Future()
        options.update(timeout=self.left() or 0.001, stream=True)
        threading.Thread(target=self._exchange, args=(answer, request, options), daemon=True).start()
        try:
            return answer.result(timeout=self.left())
        except TookTooLong:
            raise requests.Timeout("the provider took too long") from None
        finally:
            self._hang_up()
            AT_ONCE.release()

    def _exchange(self, answer: Future, request, options: dict) -> None:
        try:
            response = super().send(request, **options)
            body = b""
            for part in response.iter_content(8192):
                body += part
                if len(body) > LARGEST:
                    raise requests.RequestException("the provider's answer does not end")
            response._content = body
            answer.set_result(response)
        except BaseException as error:  # for the thread that waits
            answer.set_exception(error)

    def _hang_up(self) -> None:
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        self.lines.clear()
        self.poolmanager.clear()


def fetch(address: str) -> bytes:
    """The body of what is at an address. Raises RequestException; redirects are not followed."""
    line = Deadline()
    with requests.Session() as session:
        session.mount("https://", line)
        session.mount("http://", line)
        answer = session.get(address, allow_redirects=False)
    if answer.status_code != 200:
        raise requests.RequestException(f"{address} answers {answer.status_code}")
    return answer.content


def _pools(watch) -> dict[str, type]:
    """urllib3's pools with connections that `watch` hears of before the first byte."""

    def watched(base: type) -> type:
        class Watched(base):
            def _new_conn(self):
                line = super()._new_conn()
                watch(line)
                return line

        return Watched

    http = type("Pool", (HTTPConnectionPool,), {"ConnectionCls": watched(HTTPConnection)})
    https = type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": watched(HTTPSConnection)})
    return {"http": http, "https": https}
