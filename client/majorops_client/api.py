"""Requests to /api/v1: with the token, within a time, with an Idempotency-Key, tried again where it helps."""

from __future__ import annotations

import json
import ssl
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import click

from majorops_client import __version__
from majorops_client.kept import Login
from majorops_client.trouble import UNREACHED, Trouble, trouble_of

SECONDS = 20.0  # until an answer must be here
TRIES = 4
PAUSES = (1, 2, 4)  # seconds before another try
LONGEST_WAIT = 120  # seconds that a server may ask for
TRY_AGAIN = (429, 502, 503, 504)


@dataclass(frozen=True)
class Answer:
    """What came back; the names of `headers` in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """Nothing came back, or only a part; the sentence says why."""


Send = Callable[[str, str, Mapping[str, str], bytes | None], Answer]


class _Stay(HTTPRedirectHandler):
    """The token goes to the address that it was given for, wherever that one points."""

    def redirect_request(self, *_: Any) -> None:
        """No other request."""


def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    """One request over HTTP, by the proxy of the environment. Raises NoAnswer."""
    request = Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310 (see Api)
    try:
        with build_opener(_Stay).open(request, timeout=SECONDS) as came:
            return Answer(came.status, _lower(came.headers), came.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, _lower(error.headers), error.read())
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise NoAnswer(f"its certificate is not trusted here: {error.reason.verify_message}") from None
        raise NoAnswer(str(error.reason)) from None
    except (OSError, HTTPException) as error:
        raise NoAnswer(str(error) or type(error).__name__) from None


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class Api:
    """A server and a token. `wait`: sleeps so many seconds."""

    def __init__(self, login: Login, send: Send, wait: Callable[[float], None]):
        if not login.url.startswith(("https://", "http://")):
            raise Trouble(f"{login.url} is no address: it begins with https:// or http://.")
        self.login, self._send, self._wait = login, send, wait

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """What is there. `query`: what follows the `?`, without what is None."""
        given = urlencode({name: value for name, value in query.items() if value is not None})
        return _json(self._ask("GET", f"{path}?{given}" if given else path, {}, None), self.login.url)

    def newer(self, path: str, tag: str) -> tuple[dict[str, Any] | None, str]:
        """What is there and its ETag; None where it is still what this ETag names."""
        answer = self._ask("GET", path, {"If-None-Match": tag} if tag else {}, None)
        if answer.status == 304:
            return None, tag
        return _json(answer, self.login.url), answer.headers.get("etag", "")

    def act(
        self, path: str, sent: Mapping[str, object], *, key: str = "", version: int | None = None
    ) -> dict[str, Any]:
        """Do something once, however often it is tried; `sent` without what is None.

        `key`: of an earlier run of the same act; `version`: that the incident must still have.
        """
        headers = {"Idempotency-Key": key or f"cli-{uuid.uuid4()}", "Content-Type": "application/json"}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        body = json.dumps({name: value for name, value in sent.items() if value is not None}).encode()
        return _json(self._ask("POST", path, headers, body), self.login.url)

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        url = f"{self.login.url}/api/v1{quote(path, safe='/?=&%+')}"
        own = {"Authorization": f"Bearer {self.login.token}", "Accept": "application/json"}
        own["User-Agent"] = f"majorops/{__version__}"
        for pause in (*PAUSES[: TRIES - 1], None):
            try:
                answer = self._send(method, url, {**own, **headers}, body)
            except NoAnswer as error:
                if pause is None:
                    raise Trouble(self._unreached(str(error), headers), UNREACHED) from None
                self._pause(pause, f"{self.login.url} does not answer")
                continue
            if answer.status not in TRY_AGAIN or pause is None:
                break
            asked = answer.headers.get("retry-after", "")
            wait = int(asked) if asked.isascii() and asked.isdigit() else pause
            if wait > LONGEST_WAIT:
                break
            self._pause(wait, "Asked too often" if answer.status == 429 else "The server is busy")
        if answer.status >= 300 and answer.status != 304:
            raise trouble_of(answer.status, answer.body, self.login.url)
        return answer

    def _pause(self, seconds: float, why: str) -> None:
        click.echo(f"{why}: trying again in {seconds:g} s.", err=True)
        self._wait(seconds)

    def _unreached(self, why: str, headers: Mapping[str, str]) -> str:
        said = f"{self.login.url} is not reached: {why}."
        if key := headers.get("Idempotency-Key"):
            said += f" It may have been done or not: the same again with --key {key} does it once."
        return said


def _json(answer: Answer, address: str) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Trouble(f"What answers at {address} is not MajorOps. Is the address right?", UNREACHED)
    return found
