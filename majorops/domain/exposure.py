"""The exposure line: the incident as one line that a leader reads aloud (domain §12)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from majorops.domain.enums import AlarmLevel, RecoveryConfidence, RecoveryPath
from majorops.domain.text import count

VENDOR = "vendor"
CONFIDENCE = {
    RecoveryConfidence.HIGH: "H",
    RecoveryConfidence.MEDIUM: "M",
    RecoveryConfidence.LOW: "L",
    RecoveryConfidence.UNSTATED: "~",
}
PATH = {
    RecoveryPath.KNOWN: "N",
    RecoveryPath.PARTIAL: "P",
    RecoveryPath.UNKNOWN: "U",
    RecoveryPath.BLOCKED: "B",
    RecoveryPath.UNSTATED: "~",
}


@dataclass(frozen=True)
class Exposure:
    """The five groups of the line (domain §12); vendors are no teams."""

    level: AlarmLevel
    teams: int
    vendors: int
    confidence: RecoveryConfidence
    path: RecoveryPath

    @property
    def line(self) -> str:
        """`E3T5V2C(L)R(P)`; E is left out at Box 0, V at no vendor."""
        posture = f"E{self.level.value}" if self.level else ""
        vendors = f"V{self.vendors}" if self.vendors else ""
        return f"{posture}T{self.teams}{vendors}C({CONFIDENCE[self.confidence]})R({PATH[self.path]})"

    @property
    def words(self) -> str:
        """For who does not read the line, in words.

        `Box 3, 5 teams, 2 vendors, recovery confidence low, path partial`.
        """
        parts = [self.level.label, count(self.teams, "team")]
        if self.vendors:
            parts.append(count(self.vendors, "vendor"))
        parts.append(f"recovery confidence {self.confidence.label.lower()}")
        parts.append(f"path {self.path.label.lower()}")
        return ", ".join(parts)


def exposure(
    level: AlarmLevel, teams: Iterable[str], confidence: RecoveryConfidence, path: RecoveryPath
) -> Exposure:
    """The line from the record.

    `teams`: who runs or ran a track, or reported; a name counts once however it is written, and one
    that begins with "Vendor" is a vendor.
    """
    names = {" ".join(name.split()).casefold() for name in teams} - {""}
    vendors = sum(name.startswith(VENDOR) for name in names)
    return Exposure(level, len(names) - vendors, vendors, confidence, path)


_LINE = re.compile(r"(?:E(\d))?T(\d+)(?:V(\d+))?C\((.)\)R\((.)\)")


def spelled(line: str) -> str:
    """A published line in words, as they were when it was published; empty for none."""
    found = _LINE.fullmatch(line)
    if not found:
        return ""
    level, teams, vendors, confidence, path = found.groups()
    confidences = {letter: member for member, letter in CONFIDENCE.items()}
    paths = {letter: member for member, letter in PATH.items()}
    if confidence not in confidences or path not in paths:
        return ""
    of = AlarmLevel(int(level or 0)), int(teams), int(vendors or 0), confidences[confidence], paths[path]
    return Exposure(*of).words
