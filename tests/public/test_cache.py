"""Public answers kept for a moment: one rendering for all who come, never the wrong page, and one that stands in."""

from __future__ import annotations

import asyncio

import pytest

from majorops.public_cache import FRESH, MOST, PublicCache, accepted
from tests.loops import run


class Application:
    """What stands behind the cache; counts, and answers as told."""

    def __init__(self, status=200, cache="public, max-age=0", more=(), delay=0.0):
        self.status, self.cache, self.more, self.delay = status, cache, list(more), delay
        self.asked: list[dict] = []

    async def __call__(self, scope, receive, send):
        self.asked.append(scope)
        await asyncio.sleep(self.delay)
        if isinstance(self.status, Exception):
            raise self.status
        host = dict(scope["headers"]).get(b"host", b"").decode()
        body = f"{host} {scope['path']} {len(self.asked)}".encode()
        headers = [(b"cache-control", self.cache.encode()), (b"etag", b'"tag"'), *self.more]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def get(cache, path="/", *, method="GET", query=b"", **headers):
    sent = []
    scope = {
        "type": "http",
        "scheme": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }

    async def send(message):
        sent.append(message)

    await cache(scope, None, send)
    return sent[0]["status"], sent[1]["body"].decode(), dict(sent[0]["headers"])


def test_who_comes_at_once_costs_one_rendering():
    app = Application(delay=0.05)

    async def act():
        cache = PublicCache(app)
        return await asyncio.gather(*(get(cache, host="a") for _ in range(500)))

    answers = run(act)
    assert len(app.asked) == 1
    assert {body for _, body, _ in answers} == {"a / 1"}


def test_after_a_second_it_is_asked_again(monkeypatch):
    app = Application()

    async def act():
        cache = PublicCache(app)
        await get(cache)
        await get(cache)
        for answer in cache._kept.values():
            answer.at -= FRESH
        return await get(cache)

    assert run(act)[1].endswith(" 2")


def test_hosts_pages_and_encodings_are_not_mixed_up():
    app = Application()

    async def act():
        cache = PublicCache(app)
        given = [("/", "a", "br"), ("/", "b", "br"), ("/incidents/1", "a", "br"), ("/", "a", "identity")]
        return [await get(cache, path, host=host, accept_encoding=code) for path, host, code in given]

    assert [body for _, body, _ in run(act)] == ["a / 1", "b / 2", "a /incidents/1 3", "a / 4"]


@pytest.mark.parametrize(
    ("path", "query", "method"),
    [
        ("/login", b"", "GET"),
        ("/", b"before=3", "GET"),
        ("/", b"", "POST"),
        ("/incidents/1/exec", b"", "GET"),
    ],
)
def test_all_else_goes_straight_through(path, query, method):
    app = Application()

    async def act():
        cache = PublicCache(app)
        for _ in range(2):
            await get(cache, path, query=query, method=method)

    run(act)
    assert len(app.asked) == 2


@pytest.mark.parametrize(
    "app",
    [
        Application(status=303),
        Application(status=404),
        Application(status=500),
        Application(cache="no-store"),
        Application(more=[(b"set-cookie", b"a=b")]),
    ],
    ids=["redirect", "missing", "error", "private", "cookie"],
)
def test_what_is_not_the_same_for_everybody_is_not_kept(app):
    app.asked.clear()

    async def act():
        cache = PublicCache(app)
        for _ in range(2):
            await get(cache)

    run(act)
    assert len(app.asked) == 2


def test_no_cookie_of_the_asking_browser_reaches_the_page_that_all_get():
    app = Application()

    async def act():
        await get(PublicCache(app), cookie="majorops=secret", host="a", x_anything="else")

    run(act)
    assert {name for name, _ in app.asked[0]["headers"]} == {b"host", b"accept-encoding"}


@pytest.mark.parametrize("trouble", [503, RuntimeError("no database")])
def test_the_last_good_answer_stands_in_for_a_failing_application(trouble):
    app = Application()

    async def act():
        cache = PublicCache(app)
        await get(cache)
        app.status = trouble
        for answer in cache._kept.values():
            answer.at -= 60
        soon = await get(cache)
        for answer in cache._kept.values():
            answer.at -= 600
        try:
            late = await get(cache)
        except RuntimeError:
            late = (500,)
        return soon, late

    soon, late = run(act)
    assert (soon[0], soon[1]) == (200, " / 1")
    assert late[0] >= 500


def test_what_is_no_longer_public_stands_in_for_nothing():
    app = Application()

    async def act():
        cache = PublicCache(app)
        await get(cache, "/incidents/1", accept_encoding="br")
        await get(cache, "/incidents/1")
        await get(cache, "/incidents/2")
        for answer in cache._kept.values():
            answer.at -= 60
        app.status = 404
        await get(cache, "/incidents/1")
        app.status = 503
        given = [("/incidents/1", "br"), ("/incidents/1", ""), ("/incidents/2", "")]
        return [(await get(cache, path, accept_encoding=code))[0] for path, code in given]

    assert run(act) == [503, 503, 200]


def test_a_browser_that_has_it_gets_304_and_head_gets_no_body():
    async def act():
        cache = PublicCache(Application())
        known = await get(cache, if_none_match='W/"other", "tag"')
        return known, await get(cache, method="HEAD"), await get(cache, if_none_match='"other"')

    known, head, other = run(act)
    assert (known[0], known[1]) == (304, "")
    assert (head[0], head[1]) == (200, "")
    assert other[0] == 200


def test_it_stays_small_whatever_is_asked():
    async def act():
        cache = PublicCache(Application())
        for n in range(MOST * 3):
            await get(cache, f"/incidents/{n}", host=f"host{n}")
        return len(cache._kept), len(cache._running)

    assert run(act) == (MOST, 0)


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, *;q=0.5", "gzip"),
        ("br;q=0, gzip;q=0.3", "gzip"),
        ("", "identity"),
        ("nonsense;;,,", "identity"),
    ],
)
def test_encodings(header, encoding):
    assert accepted(header) == encoding
