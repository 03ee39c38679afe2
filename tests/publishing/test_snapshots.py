"""Public pages as finished bytes: drawn once for everybody, soon after a change,
and standing when nothing answers.
"""

from __future__ import annotations

import gzip
import socket
import threading

import brotli
import pytest
import requests
from flask import Response

from majorops.domain.enums import Visibility
from majorops.operations import updates
from majorops.operations.edit import edit_field
from majorops.publishing import snapshots as module
from majorops.publishing.snapshots import FRESH, Snapshots, accepted
from tests.server import Person

HOST = "http://localhost"


@pytest.fixture
def kept(app, cast):
    app.extensions["has_accounts"] = True
    return Snapshots(app)


@pytest.fixture
def hour(monkeypatch):
    """The clock that ages snapshots, moved by hand."""

    class Hour:
        now = 1_000.0

        def monotonic(self):
            return self.now

    hour = Hour()
    monkeypatch.setattr(module, "time", hour)
    return hour


def test_a_page_in_every_encoding_with_a_name_of_its_own(kept):
    made = kept.draw((HOST, "/"))
    plain = made.bodies["identity"]
    assert plain.startswith(b"<!doctype html>")
    assert brotli.decompress(made.bodies["br"]) == gzip.decompress(made.bodies["gzip"]) == plain
    assert f'etag: "{made.name}-br"'.encode() in made.heads["br"]
    assert b"content-encoding: gzip" in made.heads["gzip"]
    assert b"set-cookie" not in made.heads["br"].lower()
    assert made.heads["br"].lower().count(b"\r\ndate:") == 0
    assert b"stale-while-revalidate" in made.heads["identity"]
    assert b"stale-if-error" in made.heads["identity"]


@pytest.mark.parametrize(
    ("header", "answer"),
    [("{name}", True), ('"{name}-br"', True), ('W/"{name}-gz"', True), ("*", True), ('"x", "{name}"', True)]
    + [(odd, False) for odd in ("", '"', "W/", '"x"', ",,,", "\udcff", "nonsense" * 1000)],
)
def test_conditional_requests_and_nonsense_in_them(kept, header, answer):
    made = kept.draw((HOST, "/"))
    assert made.is_known(header.replace("{name}", made.name)) is answer


@pytest.mark.parametrize(
    ("header", "best"),
    [
        ("br, gzip", "br"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("gzip; q=0.5", "gzip"),
        ("", "identity"),
        ("zstd", "identity"),
        (";;q=0,", "identity"),
    ],
)
def test_encodings(header, best):
    assert accepted(header) == best


def test_fresh_for_seconds_and_never_older(kept, hour):
    key = (HOST, "/")
    assert kept.find(key) is None
    made = kept.draw(key)
    assert kept.find(key) is made
    hour.now += FRESH + 0.1
    assert kept.find(key) is None


def test_what_was_told_of_is_drawn_again_and_what_says_the_same_keeps_its_bytes(kept, hour, cast, clock):
    key = (HOST, "/")
    first = kept.draw(key)
    hour.now += 1
    kept.invalidate()
    assert kept.find(key) is None
    hour.now += 1
    clock.tick(seconds=30)
    same = kept.draw(key)
    assert same.bodies is first.bodies  # not even the time of it: an internal change must not be seen
    cast.open()
    hour.now += 1
    kept.invalidate()
    hour.now += 1
    assert kept.draw(key).name != first.name


def test_what_is_not_public_any_more_is_gone_and_an_error_is_not(kept, hour, cast, clock, monkeypatch):
    incident = cast.open()
    key = (HOST, "/incidents/1")
    good = kept.draw(key)
    hour.now += FRESH + 1
    monkeypatch.setattr(kept, "_ask", lambda key: Response(status=503))
    assert kept.draw(key) is good
    assert kept.find(key) is good  # stands in, however old, while nothing better can be had
    monkeypatch.undo()
    monkeypatch.setattr(module, "time", hour)
    edit_field(incident, "is_public", "no", actor=cast.maya, now=clock())
    hour.now += FRESH + 1
    assert kept.draw(key) is None
    assert kept.find(key) is None


@pytest.mark.parametrize(
    "path",
    ["/login", "/admin/incidents/1", "/new", "/no/such", "/healthz", "/subscribe", "/incidents/x"],
)
def test_only_status_pages_are_kept(kept, path):
    assert not kept.is_public(path)


def test_a_private_status_page_keeps_nothing_and_asks_for_sign_in(app, kept, cast):
    app.config["STATUS_PRIVATE"] = True
    assert not kept.is_public("/")
    for path in ("/", "/incidents/1", "/history", "/api/v2/summary.json", "/history.atom", "/de/"):
        assert app.test_client().get(path).status_code == 303, path
    answer = cast.browser("xin").get("/")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_the_status_host_has_nothing_else(app, cast):
    app.config["STATUS_HOST"] = "status.example.org"
    client = app.test_client()
    for path, code in (
        ("/", 200),
        ("/history", 200),
        ("/login", 404),
        ("/admin/incidents", 404),
        ("/new", 404),
    ):
        assert client.get(path, base_url="https://status.example.org").status_code == code, path
    assert client.get("/login", base_url="https://ops.example.org").status_code == 200


class TestTheFrontDoor:
    """Over HTTP, through uvicorn's protocol."""

    def test_from_publishing_to_every_reader_within_a_second(self, server):
        maya = Person(server)
        path = maya.open()
        for address in (
            "/",
            "/incidents/1",
            "/api/v2/summary.json",
            "/history.atom",
            "/history.rss",
            "/status.txt",
        ):
            requests.get(server.url + address, timeout=5)
        maya.post(
            f"{path}/updates", kind="update", visibility="public", body="Read me now.", next_update="20"
        )
        for address in (
            "/",
            "/incidents/1",
            "/api/v2/summary.json",
            "/history.atom",
            "/history.rss",
            "/status.txt",
        ):
            assert "Read me now." in requests.get(server.url + address, timeout=5).text, address

    def test_private_is_gone_everywhere_at_once(self, server):
        maya = Person(server)
        path = maya.open()
        addresses = (
            "/",
            "/incidents/1",
            "/history",
            "/api/v2/incidents.json",
            "/history.atom",
            "/status.txt",
            "/sitemap.xml",
        )
        for address in addresses:
            assert (
                "payments" in requests.get(server.url + address, timeout=5).text
                or "incidents/1" in requests.get(server.url + address, timeout=5).text
            )
        assert maya.post(f"{path}/fields/is_public", value="no", was="yes").status_code == 200
        for address in addresses:
            answer = requests.get(server.url + address, timeout=5)
            assert "payments" not in answer.text, address
            assert "incidents/1" not in answer.text, address
        assert requests.get(f"{server.url}/incidents/1", timeout=5).status_code == 404

    def test_heads_known_pages_and_trackers(self, server):
        Person(server).open()
        first = requests.get(server.url, timeout=5)
        again = requests.get(server.url, headers={"If-None-Match": first.headers["ETag"]}, timeout=5)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert (
            requests.head(server.url, timeout=5).headers["Content-Length"] == first.headers["Content-Length"]
        )
        assert requests.get(f"{server.url}/?utm_source=x", timeout=5).headers["ETag"] == first.headers["ETag"]
        assert "Set-Cookie" not in first.headers

    def test_terminals_read_text_and_nobody_keeps_it(self, server):
        Person(server).open()
        text = requests.get(server.url, headers={"User-Agent": "curl/8.5.0", "Accept": "*/*"}, timeout=5)
        assert text.headers["Content-Type"].startswith("text/plain")
        assert text.headers["Cache-Control"] == "private, no-store"
        assert requests.get(server.url, timeout=5).headers["Content-Type"].startswith("text/html")

    @pytest.mark.parametrize("how", ["pipelined", "one byte at a time", "half closed"])
    def test_odd_ways_to_ask(self, server, how):
        Person(server).open()
        requests.get(server.url, timeout=5)
        ask = b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: t\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
            if how == "pipelined":
                line.sendall(
                    ask
                    + ask.replace(b"GET / ", b"GET /healthz ")
                    + ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
                )
            elif how == "half closed":
                line.sendall(ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            else:
                for place in range(len(ask)):
                    line.sendall(ask[place : place + 1])
                line.sendall(ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            got = b"".join(iter(lambda: line.recv(65536), b""))
        assert got.count(b"HTTP/1.1 200 OK") == {"pipelined": 3, "half closed": 1}.get(how, 2)

    def test_a_crowd_costs_one_drawing_and_all_read_the_same(self, server):
        Person(server).open()
        found = []

        def read():
            session = requests.Session()
            found.extend(session.get(server.url, timeout=60).headers["ETag"] for _ in range(20))

        crowd = [threading.Thread(target=read) for _ in range(20)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()
        assert len(found) == 400
        assert len(set(found)) == 1


def test_nothing_internal_moves_the_bytes(kept, hour, cast, clock):
    incident = cast.open()
    first = kept.draw((HOST, "/incidents/1"))
    updates.publish_update(incident, "internal", visibility=Visibility.INTERNAL, actor=cast.maya, now=clock())
    edit_field(incident, "description", "suspicion", actor=cast.maya, now=clock())
    kept.invalidate()
    hour.now += 1
    assert kept.draw((HOST, "/incidents/1")).bodies is first.bodies
