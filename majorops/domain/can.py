"""One line of CAN: `App: conditions / actions / needs` (guide, phase 2), read leniently."""

from __future__ import annotations


def parse_can(line: str) -> dict[str, str]:
    """Team, conditions, actions, needs of a typed line; what is not there is empty."""
    team, colon, rest = line.partition(":")
    if not colon:
        return {"team": "", "conditions": line, "actions": "", "needs": ""}
    parts = [part.strip() for part in rest.split("/", 2)] + ["", ""]
    return {"team": team.strip(), "conditions": parts[0], "actions": parts[1], "needs": parts[2]}
