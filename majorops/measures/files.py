"""Exactly what a page of measures shows, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from majorops.domain.measured import NONE, Kind, is_at_least, seconds
from majorops.domain.spread import CONFIDENCE, RULES, Quantile
from majorops.domain.text import reference
from majorops.measures.choice import Choice
from majorops.measures.report import Report
from majorops.projections.measures import Line, lines
from majorops.web.formats import iso

UNITS = {Kind.DURATION: "seconds", Kind.SHARE: "per cent", Kind.COUNT: "times"}
PART = 500  # incidents whose titles are read at once
ACTING = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would calculate what begins so


def harmless(cell: str) -> str:
    """A text that no spreadsheet takes for a formula: one that looks like it gets an apostrophe in front."""
    return f"'{cell}" if cell.lstrip().startswith(ACTING) or cell.startswith(ACTING) else cell


def _rows(reports: list[Report]) -> Iterator[tuple[Line, list[int]]]:
    """Each incident with its number of every measure, oldest first; read in parts."""
    incidents = reports[0].incidents if reports else []
    columns = [report.shown for report in reports]
    for start in range(0, len(incidents), PART):
        known = lines(incidents[start : start + PART])
        for place in range(start, min(start + PART, len(incidents))):
            yield known[incidents[place]], [column[place] for column in columns]


def as_csv(reports: list[Report], choice: Choice) -> Iterator[str]:
    """One line an incident, oldest first; beside each value `at least` where it may still grow."""
    units = [f"{one.measure.name}_{UNITS[one.measure.kind].replace(' ', '_')}" for one in reports]
    head = ["incident", "title", "severity", "opened_at", "resolved_at"]
    yield _line([*head, *(one for unit in units for one in (unit, f"{unit}_at_least"))])
    for line, numbers in _rows(reports):
        yield _line([*_words(line), *_cells(numbers)])


def _words(line: Line) -> list[str]:
    resolved = iso(line.resolved_at) if line.resolved_at else ""
    texts = (reference(line.number), line.title, line.severity.value, iso(line.opened_at), resolved)
    return [harmless(text) for text in texts]


def _cells(numbers: list[int]) -> Iterator[str]:
    for number in numbers:
        yield str(seconds(number)) if number != NONE else ""
        yield "yes" if is_at_least(number) else ""


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def as_json(reports: list[Report], choice: Choice, now: datetime) -> Iterator[str]:
    """One object: what was asked for, each measure with its definition and numbers, and every incident."""
    head = document(reports, choice, now)
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "incidents": [\n'
    names, comma = [report.measure.name for report in reports], ""
    for line, numbers in _rows(reports):
        yield comma + json.dumps(_incident(line, names, numbers), ensure_ascii=False)
        comma = ",\n"
    yield "\n]}\n"


def document(reports: list[Report], choice: Choice, now: datetime) -> dict[str, Any]:
    """What was asked for, and each measure with its definition and numbers, in plain values."""
    return {
        "as_of": iso(now),
        "filter": choice.address,
        "confidence": CONFIDENCE,
        "measures": [_measure(report) for report in reports],
    }


def _incident(line: Line, names: list[str], numbers: list[int]) -> dict[str, Any]:
    return {
        "incident": reference(line.number),
        "title": line.title,
        "severity": line.severity.value,
        "opened_at": iso(line.opened_at),
        "resolved_at": iso(line.resolved_at) if line.resolved_at else None,
        "values": {
            name: {"value": seconds(number), "at_least": is_at_least(number)}
            for name, number in zip(names, numbers, strict=True)
            if number != NONE
        },
    }


def _measure(report: Report) -> dict[str, Any]:
    measure, behaviour = report.measure, report.behaviour
    found: dict[str, Any] = {
        "name": measure.name,
        "label": measure.label,
        "definition": measure.definition,
        "unit": UNITS[measure.kind],
        "n": report.n,
        "at_least": report.values.open_count,
        "median": _quantile(report.median),
        "p90": _quantile(report.ninetieth),
        "share": None,
        "behaviour": None,
    }
    if report.share:
        part, whole = report.counts
        limits = {"low": round(report.share.low, 1), "high": round(report.share.high, 1)}
        found["share"] = {"part": part, "whole": whole, **limits}
    if behaviour:
        limits = {name: round(getattr(behaviour, name), 1) for name in ("centre", "low", "high")}
        found["behaviour"] = limits | {
            "n": len(behaviour.values),
            "rules": [RULES[r] for r in behaviour.rules],
        }
    return found


def _quantile(found: Quantile | None) -> dict[str, float | None] | None:
    return {"value": found.value, "low": found.low, "high": found.high} if found else None
