"""A review on paper: two pages for an ordinary incident. What is left out is counted; the screen has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import current_app, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from majorops.domain.access import Permission
from majorops.domain.enums import TrackOutcome
from majorops.domain.measures import short_clock
from majorops.domain.review_record import Finding, StripMark
from majorops.reviews.blueprint import bp
from majorops.reviews.exports import drafted
from majorops.reviews.model import Action, ReviewPage, Written
from majorops.reviews.page import page_of
from majorops.web.access import needs
from majorops.web.context import load

ROWS_MOST = 28  # of the timeline
FINDINGS_MOST = 8
ACTIONS_MOST = 12
WORDS_MOST = 16  # of the cadence
TEXT_LONGEST = 150  # characters of one row of the timeline
Row = TypeVar("Row")


@dataclass(frozen=True)
class PrintRow:
    """A moment of the timeline that decides: what was known at it, or what the public was told.

    `lag`: how long that had been known, empty for not at all.
    """

    at: datetime
    knew: str = ""
    said: str = ""
    lag: str = ""


@dataclass(frozen=True)
class Cut:
    """The rows that are printed, and how many more stand on the screen."""

    rows: Sequence
    left: int


@dataclass(frozen=True)
class PrintedReview:
    """What stands on paper. `texts`: those that somebody wrote; `missing`: required ones that nobody did."""

    texts: tuple[Written, ...]
    missing: tuple[str, ...]
    cadence: Cut
    kept: Cut
    lost: Cut
    actions: Cut
    timeline: Cut


@bp.get("/print")
@needs(Permission.INCIDENT_READ)
def on_paper(number: int) -> Response:
    """The review as two pages of A4, for who may read it; of a duplicate, that of the one that is kept."""
    incident = load(number)
    if incident.merged_into_id:
        return redirect(url_for("review.on_paper", number=incident.merged_into_id), 303)
    page, config = page_of(incident), current_app.config
    given = {"page": page, "sheet": printed(page), "base": config["BASE_URL"] or "", "drafted": drafted}
    return make_response(render_template("reviews/print.html", **given))


def printed(page: ReviewPage) -> PrintedReview:
    """What of a review is printed: numbers and texts whole, lists as far as people read them on paper."""
    return PrintedReview(
        texts=tuple(one for one in page.texts.values() if one.rest.text),
        missing=page.missing,
        cadence=cut(list[StripMark](page.strip), WORDS_MOST),
        kept=cut(list[Finding](page.kept), FINDINGS_MOST),
        lost=cut(list[Finding](page.lost), FINDINGS_MOST),
        actions=cut(list[Action](page.actions), ACTIONS_MOST),
        timeline=timeline(page),
    )


def cut(rows: Sequence[Row], most: int) -> Cut:
    """At most so many rows, and the number of the others."""
    return Cut(rows[:most], max(len(rows) - most, 0))


def timeline(page: ReviewPage) -> Cut:
    """Both lanes on one axis, condensed to what decides; `left`: the other entries of both lanes.

    Every public word stands there. Of what was known: decisions, overrides, what was ruled out, what people
    marked, how tracks ended, and the oldest entry that each word came late for.
    """
    rows = [
        PrintRow(
            one.at,
            said=_short(f"{one.label}: {one.text}" if one.text else one.label),
            lag=short_clock(one.lag) if one.lag else "",
        )
        for one in page.lanes.said
    ]
    known = sorted({(row.at, row.knew): row for row in _deciding(page)}.values(), key=_time)
    room = max(ROWS_MOST - len(rows), ROWS_MOST // 2)
    shown = sorted([*rows[:ROWS_MOST], *known[:room]], key=_time)
    total = len(rows) + len({_short(one.text) for one in page.lanes.knew} | {row.knew for row in known})
    return Cut(shown, max(total - len(shown), 0))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TEXT_LONGEST else f"{line[: TEXT_LONGEST - 1]}…"


def _time(row: PrintRow) -> datetime:
    return row.at


def _deciding(page: ReviewPage) -> Iterator[PrintRow]:
    record = page.record
    for found in (record.decisions, record.ruled_out, record.overrides, record.marked):
        yield from (PrintRow(one.at, _short(one.title)) for one in found if not one.is_struck)
    first = {one.lag_from for one in page.lanes.said if one.lag}
    yield from (PrintRow(one.at, _short(one.text)) for one in page.lanes.knew if one.at in first)
    for track in record.tracks:
        run = track.run
        if run.closed_at and run.outcome is not TrackOutcome.RUNNING:
            ended = f"{run.team}: {run.goal}, {run.outcome.label.lower()}. {run.note}"
            yield PrintRow(run.closed_at, _short(ended))
