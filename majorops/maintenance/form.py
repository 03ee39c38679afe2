"""What the form of scheduled maintenance takes: typed text in, cleaned values or one sentence a field out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import StringField

from majorops.domain.enums import Repeat, by_value
from majorops.domain.errors import Invalid
from majorops.domain.maintenance import repeat_errors, time_errors
from majorops.domain.parsing import utc_time
from majorops.domain.text import clean_line, clean_text
from majorops.models import Maintenance
from majorops.operations.fields import FIELDS

FLAGS = ("is_automatic", "is_public")


class MaintenanceForm(FlaskForm):
    """What is typed for one maintenance.

    Times are typed in UTC; `expected` is the version that was seen; the flags are check boxes.
    """

    title = StringField()
    body = StringField()
    systems = StringField()
    starts_at = StringField()
    ends_at = StringField()
    is_automatic = StringField()
    is_public = StringField()
    repeats = StringField(default=Repeat.NEVER.value)
    repeat_every = StringField(default="1")
    expected = StringField()

    @classmethod
    def empty(cls) -> MaintenanceForm:
        """For new maintenance: by the clock and public, unless somebody unticks that."""
        given = dict.fromkeys(FLAGS, "y") | {"repeats": Repeat.NEVER.value, "repeat_every": "1"}
        return cls(MultiDict(given), meta={"csrf": False})

    @classmethod
    def of(cls, row: Maintenance) -> MaintenanceForm:
        """The form filled with what is stored."""
        values = {name: getattr(row, name) for name in ("title", "body", "systems")}
        values |= {name: f"{getattr(row, name):%Y-%m-%d %H:%M}" for name in ("starts_at", "ends_at")}
        values |= {name: "y" for name in FLAGS if getattr(row, name)}
        values |= {"repeats": row.repeats.value, "repeat_every": str(row.repeat_every)}
        return cls(MultiDict(values | {"expected": row.version}), meta={"csrf": False})

    def accept(self, now: datetime) -> dict:
        """Cleaned values for the operations.

        Raises Invalid with every wrong field of those that are typed in a notation; the operation says
        what else is wrong.
        """
        errors: dict[str, str] = {}
        given: dict[str, Any] = {name: bool(self[name].data) for name in FLAGS}
        given |= {"title": clean_line(self.title.data or ""), "body": clean_text(self.body.data or "")}
        for name in ("starts_at", "ends_at"):
            try:
                given[name] = utc_time(self[name].data or "")
            except ValueError as error:
                given[name], errors[name] = None, f"{str(error).capitalize().replace('utc', 'UTC')}."
        given["repeats"] = by_value(Repeat, self.repeats.data) or Repeat.NEVER
        typed = clean_line(self.repeat_every.data or "")
        given["repeat_every"] = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else None
        given["systems"] = []
        if clean_line(self.systems.data or "").strip(", "):
            try:
                given["systems"] = FIELDS["affected_systems"].accept(self.systems.data)
            except Invalid as problem:
                errors["systems"] = next(iter(problem.errors.values()))
        if errors:
            times = (given["starts_at"], given["ends_at"])
            known = repeat_errors(given["repeats"], given["repeat_every"], *times)
            raise Invalid(time_errors(*times, now) | known | errors)
        return given
