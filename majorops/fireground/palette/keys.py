"""The single keys of the fireground, and the keys that need no switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from majorops.domain.access import Permission
from majorops.domain.cadence import HOLDING_MINUTES
from majorops.fireground.reads import holding_update
from majorops.fireground.view import View

COMMAND, NOTE, READ = Permission.INCIDENT_COMMAND, Permission.TIMELINE_NOTE, Permission.INCIDENT_READ


@dataclass(frozen=True)
class Key:
    """A single key.

    `place`, `choose`, `press`: see Command; `fill`: what fills the empty field;
    `needs` and `always`: see View.why_not.
    """

    key: str
    does: str
    place: str = ""
    needs: Permission = COMMAND
    always: bool = False
    choose: str = ""
    fill: Callable[[View], str] | None = None
    press: bool = False


def _holding_text(view: View) -> str:
    return holding_update(view).text


_HOLD = f"kind-milestone next-{HOLDING_MINUTES}"
KEYS: dict[str, Key] = {
    entry.key: entry
    for entry in (
        Key("L", "Log a note", "log-text", NOTE, True, choose="log-note"),
        Key("C", "Log a CAN", "log-text", Permission.CAN_REPORT, choose="log-can"),
        Key("T", "Open track", "track-line"),
        Key("U", "Write update", "composer-body", choose="kind-update"),
        Key("M", "Write milestone", "composer-body", choose="kind-milestone"),
        Key("H", "Write holding update", "composer-body", choose=_HOLD, fill=_holding_text),
        Key("A", "Advance", "advance-key status-key"),
        Key("N", "Phase note", "f-phase-note-value f-phase-note-input", press=True),
        Key("B", "Join bridge", "bridge-key f-bridge-url-value f-bridge-url-input", READ, True, press=True),
        Key("D", "AI draft", "draft-key", press=True),
        Key("E", "AI exec brief", "brief-key", COMMAND, True, press=True),
        Key("/", "Filter timeline", "timeline-q", READ, True),
        Key("J", "Timeline, next row", "", READ, True),
        Key("K", "Timeline, previous row", "", READ, True),
        Key("P", "On a row: visibility", "", COMMAND, True),
        Key("R", "On a row: for the review", "", NOTE, True),
        Key("?", "Key list", "keys", READ, True),
    )
}
# Keys that are no single characters: they work in fields too and need no switch.
CHORDS = (
    ("Ctrl K", "Commands"),
    ("Ctrl Enter", "Send the form that has the focus"),
    ("F6", "Next zone"),
    ("Shift F6", "Previous zone"),
    ("Esc", "Close what lies on top"),
)
