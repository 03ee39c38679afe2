"""The history with what was said, and addresses in texts of strangers and of us."""

from __future__ import annotations

import pytest

from majorops.domain.enums import Visibility
from majorops.operations import updates
from majorops.web.formats import linked


def test_the_history_folds_what_was_said_of_each_incident(client, cast, clock):
    incident = cast.open(title="checkout times out")
    for body, seen in (("We look at it.", Visibility.PUBLIC), ("secret word", Visibility.INTERNAL)):
        clock.tick(minutes=1)
        updates.publish_update(incident, body, visibility=seen, actor=cast.maya, now=clock())
    clock.tick(minutes=1)
    body = "See https://example.org/a?b=1&c=2."
    updates.publish_update(incident, body, visibility=Visibility.PUBLIC, actor=cast.maya, now=clock())
    page = client.get("/history").text
    assert "secret word" not in page
    folded = page.partition("<details>")[2].partition("</details>")[0]
    assert "2 updates" in folded
    assert folded.index("See ") < folded.index("We look at it.")
    assert 'href="https://example.org/a?b=1&amp;c=2" rel="nofollow noopener noreferrer"' in folded
    assert "2 Meldungen" in client.get("/de/history").text
    cast.resolve(incident)
    assert "We look at it." in client.get("/incidents/1").text


def test_each_day_of_the_month_leads_to_the_last_incident_before_it(client, cast, clock):
    clock.now = clock.now.replace(day=10, hour=0)
    cast.resolve(cast.open(title="the tenth"))
    clock.now = clock.now.replace(day=20)
    cast.resolve(cast.open(title="the twentieth"))
    page = client.get("/history").text
    places = [page.index(f'id="d{n}"') for n in (31, 20, 19, 10)]
    first, second = page.index("the twentieth<"), page.index("the tenth<")
    assert places == sorted(places)
    assert places[1] < first < places[2] < second
    assert 'id="d9"' not in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain <b>", "plain &lt;b&gt;"),
        ("javascript:alert(1) data:x", "javascript:alert(1) data:x"),
        (
            'https://a.example/"><script>',
            '<a href="https://a.example/" rel="R">https://a.example/</a>&#34;&gt;',
        ),
        ("(http://a.example/x).", '(<a href="http://a.example/x" rel="R">http://a.example/x</a>).'),
    ],
)
def test_addresses_in_texts_can_be_followed_and_nothing_else(text, shown):
    assert str(linked(text)).startswith(shown.replace('"R"', '"nofollow noopener noreferrer"'))
