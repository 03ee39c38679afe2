"""The exec brief that a helper drafted, until it is taken as the exec summary."""

from __future__ import annotations

from dataclasses import dataclass

from majorops.domain.enums import Helper
from majorops.fireground.offered import Offered, offered
from majorops.fireground.view import Form, View


@dataclass(frozen=True)
class Execbrief:
    """`summary`: the exec summary that it would replace; empty for none."""

    form: Form
    draft: Offered | None
    summary: str


def build(view: View) -> Execbrief:
    """The drafted brief that lies before this person; `draft` is None for none."""
    return Execbrief(view.form, offered(view, Helper.BRIEF, "brief", "value"), view.incident.exec_summary)
