"""How answers read for people: a line an incident, a page for one of them. What came is put out as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from majorops_client.trouble import plain


def at(moment: str | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """A time as people read it, in UTC; a dash for none."""
    return f"{datetime.fromisoformat(moment):{form}}" if moment else "–"


def one_line(text: object) -> str:
    """A text in one line."""
    return " ".join(plain(text).split())


def span(seconds: int) -> str:
    """`2 h 05 min`, `14 min`."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def table(rows: Iterable[Sequence[object]], indent: str = "") -> list[str]:
    """Rows in columns, each as wide as its widest value; the last one as it is."""
    lines = [[one_line(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in list(zip(*lines, strict=True))[:-1]]
    return [indent + "  ".join([*map(str.ljust, line, widths), line[-1]]).rstrip() for line in lines]


def listed(incidents: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line an incident."""
    return table(
        (
            one["reference"],
            one["severity"],
            one["status"],
            f"phase {one['phase']}",
            at(one["opened_at"]),
            one["title"] + (" (drill)" if one["is_drill"] else ""),
        )
        for one in incidents
    )


def head(incident: Mapping[str, Any]) -> list[str]:
    """What an incident is and how it stands."""
    fields = incident["fields"]
    promise = at(incident["next_update_eta"], "%H:%M UTC")
    rows = [
        ("Status", f"{incident['status']}, phase {incident['phase']}, Box {incident['alarm_level']}"),
        ("Severity", incident["severity"]),
        ("Systems", ", ".join(incident["systems"])),
        ("MIM", fields.get("command.mim") or "nobody has taken command"),
        ("Opened", f"{at(incident['opened_at'])} UTC by {incident['opened_by']}"),
        ("Lasts" if incident["resolved_at"] is None else "Lasted", span(incident["duration"])),
        ("Next update", promise if incident["resolved_at"] is None else ""),
        ("Resolved", f"{at(incident['resolved_at'])} UTC" if incident["resolved_at"] else ""),
        ("Bridge", fields.get("bridge_url") or ""),
    ]
    title = one_line(f"{incident['title']}{' (drill)' if incident['is_drill'] else ''}")
    values = [(name, value) for name, value in rows if value]
    return [f"{one_line(incident['reference'])}  {title}", *table(values, "  ")]


def response(said: Mapping[str, Any]) -> list[str]:
    """What runs and what is open: tracks, asks, the last CAN of each team."""
    tracks = [
        (one["team"], one["owner"] or "–", at(one["expires_at"], "%H:%M"), one["goal"])
        for one in said["tracks"]
        if one["closed_at"] is None
    ]
    asks = [
        (one["id"], one["whom"], at(one["due_at"], "%H:%M"), one["what"])
        for one in said["asks"]
        if one["closed_at"] is None
    ]
    newest = {one["team"].casefold(): one for one in said["can_reports"]}
    cans = [(one["team"], at(one["at"], "%H:%M"), _can(one)) for one in newest.values()]
    parts = (("Tracks", tracks), ("Asks, by number", asks), ("Last CAN", cans))
    return [line for name, rows in parts if rows for line in ("", name, *table(rows, "  "))]


def _can(one: Mapping[str, Any]) -> str:
    return " / ".join(filter(None, (one["conditions"], one["actions"], one["needs"])))


def entry(one: Mapping[str, Any]) -> str:
    """An entry of the timeline as a line."""
    said = f"{one['title']}: {one['detail']}" if one["detail"] else one["title"]
    shown = ("public",) if one["visibility"] == "public" else ()
    parts = (at(one["at"], "%H:%M:%S"), said, f"[{one['actor_name']}]", *shown)
    return "  ".join(map(one_line, parts))


def markdown(whole: Mapping[str, Any]) -> str:
    """An incident with its updates and its timeline, as Markdown."""
    incident = whole["incident"]
    lines = [f"# {quiet(incident['reference'])}: {quiet(incident['title'])}", ""]
    lines += [f"- {quiet(line)}" for line in head(incident)[1:]]
    lines += ["", "## Updates", ""]
    for one in whole["publications"]:
        number = f"Milestone {one['number']}" if one["number"] else "Update"
        lines += [f"### {number}, {at(one['at'])} UTC, {one['visibility']}", "", quiet(one["body"]), ""]
    lines += ["## Timeline", ""]
    lines += [f"- {at(one['at'])[:10]} {quiet(entry(one))}" for one in whole["timeline"]]
    return "\n".join(lines) + "\n"


def quiet(text: object) -> str:
    """A text in which Markdown and HTML mean nothing."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>#|~&!" else one for one in one_line(text))
