"""What puts the record in order: at a running incident what stops a leak, after the close all of it."""

from __future__ import annotations

from dataclasses import dataclass

from majorops.domain.after_close import late_refusal
from majorops.domain.text import reference
from majorops.fireground import reads
from majorops.fireground.view import Form, View
from majorops.operations.fields import FIELDS, field_id


@dataclass(frozen=True)
class Edit:
    """A field that is still edited, and where its editor is without script."""

    label: str
    place: str
    address: str


@dataclass(frozen=True)
class Other:
    """Another incident: `INC-042`, with its title."""

    number: int
    reference: str
    title: str


@dataclass(frozen=True)
class Curate:
    """What this person may put in order; nothing is shown to who may not command.

    `edits`: fields of the public page that stay open. `kept`: the incident that this one was merged into.
    `others`: that it may be merged into, the newest. `late`: why no late update is posted, empty when one may
    be.
    """

    address: str
    form: Form
    can_curate: bool
    is_resolved: bool
    is_public: bool
    is_drill: bool
    edits: tuple[Edit, ...]
    kept: Other | None
    others: tuple[Other, ...]
    late: str


def build(view: View) -> Curate:
    """What may be put in order now."""
    incident = view.incident
    kept = incident.merged_into if view.may_command else None
    late = late_refusal(incident.reference, incident.is_resolved, incident.is_shown)
    return Curate(
        address=view.address,
        form=view.form,
        can_curate=view.may_command,
        is_resolved=incident.is_resolved,
        is_public=incident.is_public,
        is_drill=incident.is_drill,
        edits=_edits(view) if incident.is_resolved else (),
        kept=Other(kept.id, kept.reference, kept.title) if kept else None,
        others=_others(view) if view.may_command and not kept else (),
        late=late,
    )


def _edits(view: View) -> tuple[Edit, ...]:
    """Whatever of the public page the registry leaves open, but for what is a key here."""
    fields = [f for f in FIELDS.values() if f.audience == "public" and f.input in ("line", "text", "systems")]
    return tuple(
        Edit(
            field.label,
            f"{field_id(field.name)}-value {field_id(field.name)}-input",
            f"{view.address}/fields/{field.name}",
        )
        for field in fields
        if view.can_edit(field.name)
    )


def _others(view: View) -> tuple[Other, ...]:
    rows = reads.neighbours(view)
    return tuple(Other(number, reference(number), title) for number, title, is_mine in rows if not is_mine)
