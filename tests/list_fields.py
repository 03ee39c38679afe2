"""`make fields`: the data dictionary, from the registry into docs/fields.md."""

from __future__ import annotations

from pathlib import Path

from majorops.operations.fields import FIELDS, Field

DOCUMENT = Path(__file__).resolve().parents[1] / "docs/fields.md"
HEAD = """# Data dictionary

Every value of an incident that is edited in place.
`make fields` writes this from `majorops/operations/fields.py`.

| name | label | typed as | stands in | who reads it | kept in | after the close |
| --- | --- | --- | --- | --- | --- | --- |
"""


def row(field: Field) -> str:
    """One line of the table."""
    choices = ": " + ", ".join(label for _, label in field.choices) if field.choices else ""
    limit = f", at most {field.limit:,} characters" if field.limit else ""
    kept = ", ".join(f"`{column}`" for column in field.columns) or "rows of its own"
    closed = "as it was" if field.frozen_when_resolved else "editable"
    typed = f"{field.input}{choices}{limit}"
    cells = (f"`{field.name}`", field.label, typed, field.place.value, field.audience, kept, closed)
    return f"| {' | '.join(cells)} |\n"


def dictionary() -> str:
    """The whole document."""
    return HEAD + "".join(row(field) for field in FIELDS.values())


if __name__ == "__main__":
    DOCUMENT.write_text(dictionary())
