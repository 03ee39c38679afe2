"""A review as a file: Markdown, one HTML page that needs nothing else, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import abort, current_app, render_template
from markupsafe import Markup
from werkzeug.wrappers import Response

from majorops.domain.access import Permission
from majorops.domain.enums import ReviewState
from majorops.domain.review import REVIEW_FIELDS
from majorops.operations.drafts import BY_RULE
from majorops.operations.review_record import ReviewEntry
from majorops.reviews.blueprint import action_bp, bp
from majorops.reviews.model import ReviewPage
from majorops.reviews.page import page_of
from majorops.web.access import needs
from majorops.web.context import load

SCHEMA_FILE = Path(__file__).with_name("review.schema.json")
FORMAT = 1  # of the JSON: rises when something is taken out of it or means something else


@bp.get("/export/<any(md, html, json):kind>")
@needs(Permission.INCIDENT_READ)
def export(number: int, kind: str) -> Response:
    """The review as it stands, as a file to download. 404 for a duplicate: the kept incident has it."""
    incident = load(number)
    if incident.merged_into_id:
        abort(404)
    content_type, write = KINDS[kind]
    page = page_of(incident)
    response = current_app.response_class(write(page), content_type=f"{content_type}; charset=utf-8")
    name = f"{page.reference}-review.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@action_bp.get("/review.schema.json")
@needs(Permission.INCIDENT_READ)
def schema() -> Response:
    """What the JSON of a review holds (JSON Schema)."""
    return current_app.response_class(SCHEMA_FILE.read_bytes(), content_type="application/schema+json")


def as_json(page: ReviewPage) -> str:
    """The review as JSON, by `review.schema.json`."""
    return json.dumps(document(page), ensure_ascii=False, indent=1)


def as_markdown(page: ReviewPage) -> str:
    """The review as Markdown; what people wrote stands there as they wrote it, and marks up nothing."""
    return render_template("reviews/export.md", page=page, fields=REVIEW_FIELDS, plain=plain, drafted=drafted)


def as_html(page: ReviewPage) -> str:
    """The review as one page with its charts as SVG: it asks for no other file."""
    base = current_app.config["BASE_URL"] or ""
    return render_template("reviews/export.html", page=page, fields=REVIEW_FIELDS, base=base, drafted=drafted)


def drafted(writer: str) -> str:
    """Who wrote a draft, as people read it: `by rule`, `by gpt-x`."""
    return writer if writer == BY_RULE else f"by {writer}"


KINDS: dict[str, tuple[str, Callable[[ReviewPage], str]]] = {
    "md": ("text/markdown", as_markdown),
    "html": ("text/html", as_html),
    "json": ("application/json", as_json),
}


def plain(text: object) -> Markup:
    """A text in one line in which Markdown and HTML mean nothing."""
    line = " ".join(str(text).split())
    return Markup(re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", line))  # noqa: S704 (no HTML: a file of text)


def document(page: ReviewPage) -> dict[str, Any]:
    """The review in plain values: times as ISO 8601 in UTC, durations in seconds."""
    return {
        "format": FORMAT,
        "incident": {
            "number": page.number,
            "reference": page.reference,
            "title": page.title,
            "severity": page.severity,
            "box": page.level,
            "is_drill": page.is_drill,
            "resolved_at": moment(page.resolved_at),
            "customer_impact": page.impact,
        },
        "state": page.state.value,
        "version": page.version,
        "need": {"is": page.need.need.value, "reason": page.need.reason},
        "after_action_at": moment(page.after_action.at),
        "steps": [
            {"state": one.state.value, "at": moment(one.at), "by": one.by}
            for one in page.steps
            if one.at and one.state is not ReviewState.COLLECTING
        ],
        "numbers": [{"label": one.label, "value": one.value, "note": one.note} for one in page.heads],
        "phases": [
            {"phase": one.phase.value, "at": moment(one.at), "seconds": seconds(one.lasted)}
            for one in page.phases
        ],
        "updates": [
            {
                "label": one.label,
                "at": moment(one.at),
                "promised_for": moment(one.promised_for),
                "late_seconds": seconds(one.late),
            }
            for one in page.strip
        ],
        "knew": [{"entry": one.seq, "at": moment(one.at), "text": one.text} for one in page.lanes.knew],
        "said": [
            {"label": one.label, "at": moment(one.at), "text": one.text, "lag_seconds": seconds(one.lag)}
            for one in page.lanes.said
        ],
        "texts": {name: one.rest.text for name, one in page.texts.items()},
        "not_reviewed": [name for name, one in page.texts.items() if one.is_unread_draft],
        "kept": [{"text": one.text, "value": one.value} for one in page.kept],
        "lost": [{"text": one.text, "value": one.value} for one in page.lost],
        "decisions": entries(page.record.decisions),
        "ruled_out": entries(page.record.ruled_out),
        "overrides": entries(page.record.overrides),
        "command": entries(page.record.command),
        "marked": entries(page.record.marked),
        "tracks": [
            {
                "team": one.run.team,
                "goal": one.run.goal,
                "owner": one.run.owner,
                "outcome": one.run.outcome.value,
                "note": one.run.note,
                "started_at": moment(one.run.started_at),
                "closed_at": moment(one.run.closed_at),
                "lost_seconds": seconds(one.lost),
            }
            for one in page.record.tracks
        ],
        "questions": [
            {"text": one.text, "by": one.by, "entry": one.seq, "answer": one.answer} for one in page.questions
        ],
        "attended": [{"name": name, "line": line} for name, line in page.attendees],
        "actions": [
            {
                "reference": f"{one.origin or page.reference} {one.reference}",
                "text": one.text,
                "kind": one.kind.lower(),
                "owner": one.owner,
                "due_on": moment(one.due_on),
                "moved": one.moves,
                "tracker": one.tracker_url,
                "state": one.state.value,
                "outcome": one.outcome,
            }
            for one in page.actions
        ],
    }


def entries(found: Sequence[ReviewEntry]) -> list[dict[str, Any]]:
    """Entries of the record, those that were struck out marked so."""
    return [
        {
            "entry": one.seq,
            "at": moment(one.at),
            "title": one.title,
            "detail": lines(one.detail),
            "is_struck": one.is_struck,
        }
        for one in found
    ]


def lines(detail: Iterable[str]) -> str:
    """The lines of an entry as one text."""
    return "\n".join(detail)


def moment(at: datetime | date | None) -> str | None:
    """A time or a day in ISO 8601; None for none."""
    return at.isoformat() if at else None


def seconds(span: timedelta | None) -> int:
    """Whole seconds; 0 for none."""
    return round(span.total_seconds()) if span else 0
