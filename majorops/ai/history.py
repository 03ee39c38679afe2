"""A timeline as text that fits, however long it is."""

from __future__ import annotations

from collections.abc import Sequence

SHORT = 90  # characters of an entry that is only named


def summarize_timeline(entries: Sequence, turns: Sequence, total: int, room: int) -> str:
    """Entries newest first, in at most `room` characters.

    The newest stand whole, older ones are shortened to their title, and of those before them only what
    changed the course is named, and how many they are: the new is never dropped for the old.

    `entries`, `turns`: with seq, type, title, detail and at, newest first; `turns` are older than all
    entries. `total`: how many entries there are.
    """
    lines: list[str] = []
    used = shown = 0
    for entry in entries:
        whole = f"{entry.at:%Y-%m-%d %H:%M:%S} {entry.type.label}: {_one_line(entry.title, entry.detail)}"
        line = whole if used + len(whole) < room * 0.6 else _short(entry)
        if used + len(line) > room * 0.85:
            break
        lines.append(line)
        used, shown = used + len(line) + 1, shown + 1
    left = [*entries[shown:], *turns]
    if total > shown and left:
        lines.append(f"{total - shown:,} older entries, back to the opening; what changed the course:")
        used += len(lines[-1])
        course = [entry for entry in left if entry.type.value in ("phase", "update")] or left
        for entry in course:
            line = _short(entry)
            if used + len(line) + 1 > room:
                break
            lines.append(line)
            used += len(line) + 1
    return "\n".join(lines)


def _one_line(title: str, detail: str) -> str:
    return " ".join(f"{title}. {detail}".split()) if detail and detail not in title else title


def _short(entry) -> str:
    title = entry.title if len(entry.title) <= SHORT else entry.title[: SHORT - 1] + "…"
    return f"{entry.at:%Y-%m-%d %H:%M} {title}"
