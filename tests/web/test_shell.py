"""What is installed: the manifest, the service worker and its offline page; the same for everybody."""

from __future__ import annotations

import json
import re
import struct

import pytest

from majorops.web.assets import ICONS
from tests.web.page import check


@pytest.fixture
def shell(client) -> dict:
    """What the worker is given."""
    text = client.get("/worker.js").text
    return json.loads(re.match(r"self\.SHELL = (\{.*\});\n", text)[1])


def test_the_manifest_names_the_organisation_and_begins_where_each_may_go(app, client, cast):
    app.config["ORG_NAME"] = "Nordwind"
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    told = answer.json
    assert (told["name"], told["short_name"]) == ("Nordwind MajorOps", "Nordwind")
    assert (told["start_url"], told["scope"], told["display"]) == ("/admin/start", "/", "standalone")
    assert told["theme_color"] == "#0a0a0a"
    assert {icon["sizes"] for icon in told["icons"]} == {"192x192", "512x512"}
    assert [icon.get("purpose") for icon in told["icons"]].count("maskable") == 1
    app.config["ORG_NAME"] = "A very long name of an organisation"
    assert client.get("/manifest.webmanifest").json["short_name"] == "MajorOps"
    for nick, place in (("maya", "/admin/incidents"), ("rita", "/admin/incidents"), ("xin", "/briefs")):
        assert cast.browser(nick).get(told["start_url"]).location == place
    assert "/login" in client.get(told["start_url"]).location


def test_every_icon_is_there_and_as_large_as_it_says(app, client):
    for icon in client.get("/manifest.webmanifest").json["icons"]:
        answer = client.get(icon["src"])
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        width, height = struct.unpack(">II", answer.data[16:24])
        assert f"{width}x{height}" == icon["sizes"]
    assert set(ICONS.values()) == {96, 180, 192, 512}


def test_the_worker_keeps_files_named_by_their_content_and_nothing_else(client, shell):
    for address in shell["files"]:
        assert re.fullmatch(r"/assets/[\w-]+-[0-9a-f]{12}\.\w+|/static/vendor/fonts/[\w-]+\.woff2", address)
        with client.get(address) as answer:
            assert answer.status_code == 200, address
            assert "max-age=31536000" in answer.headers["Cache-Control"]
    kept = {address.rpartition("-")[0].rpartition("/")[2] for address in shell["files"]}
    assert {"app", "more", "commands", "pages", "shell"} <= kept
    assert sum(address.endswith(".woff2") for address in shell["files"]) == 8


def test_the_offline_page_asks_for_nothing_that_is_not_kept(client, shell):
    answer = client.get(shell["offline"])
    check(answer)
    asked = set(re.findall(r'(?:href|src)="(/[^"]+)"', answer.text))
    assert asked <= set(shell["files"])
    assert "What does not work now" in answer.text
    assert "csrf" not in answer.text


@pytest.mark.parametrize("path", ["/manifest.webmanifest", "/worker.js", "/offline"])
def test_it_is_the_same_for_everybody_and_asked_for_anew(cast, client, path):
    mine, theirs = cast.browser("maya").get(path), client.get(path)
    assert mine.data == theirs.data
    for answer in (mine, theirs):
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "public, no-cache"
    again = client.get(path, headers={"If-None-Match": theirs.headers["ETag"]})
    assert again.status_code == 304


def test_only_pages_of_staff_may_register_a_worker(cast, client):
    staff = cast.browser("maya").get("/admin/incidents")
    assert 'rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials"' in staff.text
    for path in ("/", "/new", "/login"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "worker-src 'none'; manifest-src 'none'" in policy
        assert 'rel="manifest"' not in answer.text
    policy = staff.headers["Content-Security-Policy"]
    assert "worker-src 'self'; manifest-src 'self'" in policy
