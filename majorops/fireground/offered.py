"""What a helper wrote for this person, and where it is to be looked at twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain.enums import Helper
from majorops.domain.facts import Mark, check, still_said
from majorops.fireground import reads
from majorops.fireground.view import View


@dataclass(frozen=True)
class Offered:
    """A draft that lies before the person.

    `written`: its text as it came, `text`: as it was edited since, `typed`: what stood in the field before.
    `marks`: what in it does not stand in what its writer saw, as far as the edited text still says it.
    `audience`: whom a program proposed it for; empty for what the person asked for themselves.
    """

    id: int
    helper: Helper
    address: str
    written: str
    text: str
    typed: str
    by: str
    made_at: datetime
    note: str
    marks: tuple[Mark, ...]
    audience: str


def offered(view: View, helper: Helper, form: str = "", name: str = "") -> Offered | None:
    """What lies before this person of that helper; None for nothing.

    `form`, `name`: the field where they edit it, if any.
    """
    draft = reads.drafts(view).get(helper)
    if draft is None:
        return None
    count, about = view.incident.customer_count, view.incident.customer_count_is_approximate
    marks = check(draft.text, draft.seen, None if count is None else (count, about))
    text = draft.text
    if form:
        text = view.form.typed(form, name, draft.text)
        marks = still_said(marks, text)
    return Offered(
        id=draft.id,
        helper=draft.helper,
        address=f"{view.address}/drafts/{draft.id}",
        written=draft.text,
        text=text,
        typed=draft.typed,
        by=f"by {draft.model}" if draft.model else draft.writer,
        made_at=draft.made_at,
        note=draft.note,
        marks=marks,
        audience=draft.visibility.value if draft.is_proposal else "",
    )
