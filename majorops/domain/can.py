"""One line of CAN: `App: conditions / actions / needs` (guide, phase 2), read leniently."""

from __future__ import annotations

import re

PARTS = ("conditions", "actions", "needs")
_LABEL = re.compile(
    r"(?:^|(?<=[\s/|;,.]))(?:(?P<c>c|conditions?)|(?P<a>a|actions?)|(?P<n>n|needs?))\s*[:=]\s*", re.IGNORECASE
)
_SPACED, _BARE = re.compile(r"\s+[/–—-]\s+|\s*[|;]\s*"), re.compile(r"\s*/\s*")
NOTHING = frozenset({"none", "nothing", "no", "-", "–", "n/a"})


def parse_can(line: str) -> dict[str, str]:
    """Team, conditions, actions, needs of a typed line, by these names (guide, phase 2).

    What is not there is empty, and needs of `none` are none. Labels (`C: … A: … N: …`, or whole words) win
    over separators (`/`, `|`, `;`, a dash; with spaces around where there are any). Without a colon after the
    team there is no team, and all is conditions. Never raises.
    """
    team, colon, rest = line.partition(":")
    if not colon:
        return {"team": "", "conditions": line.strip(), "actions": "", "needs": ""}
    labels = list(_LABEL.finditer(rest))
    if labels and not rest[: labels[0].start()].strip(" /|;,."):
        ends = [label.start() for label in labels[1:]] + [len(rest)]
        parts = dict.fromkeys(PARTS, "")
        for label, end in zip(labels, ends, strict=True):
            name = PARTS["can".index(str(label.lastgroup))]
            parts[name] = f"{parts[name]} {rest[label.end() : end].strip(' /|;,')}".strip()
    else:
        between = _SPACED if _SPACED.search(rest.strip()) else _BARE  # `rollback 2/6 pods` is one part
        texts = [part.strip() for part in between.split(rest.strip(), maxsplit=2)] + ["", ""]
        parts = dict(zip(PARTS, texts, strict=False))
    if parts["needs"].lower().rstrip(".") in NOTHING:
        parts["needs"] = ""
    return {"team": team.strip(), **parts}
