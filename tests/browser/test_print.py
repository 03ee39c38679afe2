"""A review on paper: a PDF of Chromium, its pages counted."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route

from majorops.domain.enums import ActionKind
from majorops.models import Incident
from majorops.operations import reviews
from majorops.operations.actions import add_action
from majorops.replay import read, run
from tests.operations.afterwards import planned
from tests.recordings import NAMES, recording

HERE = "/admin/incidents/1/review/print"
PARAGRAPH = "Release 4.18.2 retried failed card authorisations without a back-off, and the pool ran out. " * 3
POINTS = "\n".join(
    f"The canary had {number} % of the traffic, too little to fill the pool." for number in (1, 2, 3)
)


@pytest.fixture
def paper(chromium, cast):
    """A page of Chromium that is answered by the application of this test, without a server."""
    client = cast.browser("maya")

    def answer(route: Route) -> None:
        with client.get(urlsplit(route.request.url).path) as found:
            route.fulfill(status=found.status_code, body=found.data, content_type=found.content_type)

    context = chromium.new_context(color_scheme="dark")
    context.route("**/*", answer)
    page = context.new_page()
    page.goto(f"http://majorops.test{HERE}")
    yield page
    context.close()


@pytest.fixture(params=NAMES)
def incident(request, cast, clock) -> Incident:
    """A recording with its review written, and eight actions."""
    found = run(read(recording(request.param)), is_drill=False, speed=None)
    who = {"actor": cast.maya, "now": clock()}
    for name in ("summary", "root_cause"):
        reviews.write_text(found, name, PARAGRAPH, is_sure=True, **who)
    for name in ("contributing", "went_well", "lost_time", "surprised", "learned"):
        reviews.write_text(found, name, POINTS, is_sure=True, **who)
    for number in range(8):
        add_action(
            found, planned(clock(), text=f"Add a retry cap of {number}", kind=ActionKind.DETECT), **who
        )
    return found


def pages_of(page: Page) -> int:
    return len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4", prefer_css_page_size=True)))


def test_a_recording_is_two_pages(incident, paper):
    assert pages_of(paper) <= 2


def test_it_is_light_and_nothing_of_the_interface_is_on_paper(incident, paper):
    paper.emulate_media(media="print")
    assert (
        paper.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    )
    assert not paper.locator(".keys").is_visible()
    assert paper.evaluate("document.body.scrollWidth <= innerWidth")
