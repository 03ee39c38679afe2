"""What the intake form takes: typed text in, cleaned values or one sentence a field out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask_wtf import FlaskForm
from wtforms import StringField

from majorops.domain.enums import Severity, by_value
from majorops.domain.errors import Invalid
from majorops.domain.parsing import utc_time
from majorops.domain.suggest import systems_in
from majorops.domain.text import clean_line
from majorops.operations.fields import FIELDS

BEGAN = ("0", "5", "15", "30", "set")


class IntakeForm(FlaskForm):
    """The four fields of the guide and *problem began*; `second` says that another open incident is known."""

    title = StringField()
    severity = StringField(default=Severity.CRITICAL.value)
    affected_systems = StringField()
    bridge_url = StringField()
    began = StringField(default="0")
    began_at = StringField()
    request_key = StringField()
    second = StringField()
    public = StringField()  # yes, no, or nothing: as the setting says; the page has one a severity

    def __init__(self, typed, **kwargs):
        super().__init__(typed, **kwargs)
        if typed.get("systems") and not self.affected_systems.data:  # the deep link's short name
            self.affected_systems.data = typed["systems"]
        self.severity.data = self.severity.data or Severity.CRITICAL.value
        self.began.data = self.began.data or "0"
        self._chosen = {one: typed.get(f"public_{one.value}") or self.public.data or "" for one in Severity}

    def is_public(self, severity: Severity, by_box: bool) -> bool:
        """Whether an incident of this severity is opened for the public, as chosen or else `by_box`."""
        return {"yes": True, "no": False}.get(self._chosen[severity], by_box)

    def accept(self, catalogue: list[str], now: datetime) -> dict:
        """Cleaned values for `open_incident`.

        Systems left empty are taken from the title where the catalogue knows them. Raises Invalid with
        every wrong field.
        """
        errors: dict[str, str] = {}

        def take(name: str, parse: Callable[[], object]) -> object:
            try:
                return parse()
            except Invalid as problem:
                errors[name] = next(iter(problem.errors.values()))
            except ValueError as error:
                errors[name] = str(error)
            return None

        if not clean_line(self.affected_systems.data or ""):
            self.affected_systems.data = ", ".join(systems_in(self.title.data or "", catalogue))
        given = {
            "title": take("title", self._title),
            "severity": take("severity", self._severity),
            "systems": take(
                "affected_systems",
                lambda: FIELDS["affected_systems"].accept(self.affected_systems.data or ""),
            ),
            "bridge_url": take("bridge_url", lambda: FIELDS["bridge_url"].accept(self.bridge_url.data or "")),
            "detected_at": take("began_at", lambda: self._began(now)),
            "is_public": take("public", self._public),
            "request_key": (self.request_key.data or "")[:64] or None,
        }
        if errors:
            raise Invalid(errors)
        return given

    def named(self, catalogue: list[str]) -> tuple[str, list[str]]:
        """The title and the systems as they are typed so far, those of the title where none is named."""
        title = clean_line((self.title.data or "")[:300])
        typed = [clean_line(name).lower() for name in (self.affected_systems.data or "")[:1_000].split(",")]
        return title, [name for name in typed if name] or systems_in(title, catalogue)

    def _title(self) -> str:
        if not clean_line(self.title.data or ""):
            raise ValueError("Say what broke, in one line.")
        return str(FIELDS["title"].accept(self.title.data or ""))

    def _severity(self) -> Severity:
        if (severity := by_value(Severity, self.severity.data)) is None:
            raise ValueError("Choose Critical, High, Medium or Low. Unsure: go higher.")
        return severity

    def _public(self) -> bool | None:
        chosen = self._chosen.get(self._severity(), "") if by_value(Severity, self.severity.data) else ""
        if chosen not in ("", "yes", "no"):
            raise ValueError("Choose Public or Private.")
        return {"yes": True, "no": False}.get(chosen)

    def _began(self, now: datetime) -> datetime | None:
        if self.began.data not in BEGAN:
            raise ValueError("Choose when the problem began.")
        if self.began.data != "set":
            return now - timedelta(minutes=int(self.began.data))
        moment = utc_time(self.began_at.data or "")
        if moment is None:
            raise ValueError("Say when the problem began, in UTC, such as 2026-11-23 14:01.")
        if moment > now:
            raise ValueError(f"{moment:%Y-%m-%d %H:%M} UTC has not come yet.")
        return moment
