"""The forms of the fireground: what may be sent, as typed values. Rules stay with the operations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Generic, TypeVar, cast

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import TextInput

from majorops.domain.after_action import offered_at
from majorops.domain.briefs import SummaryAtClose
from majorops.domain.enums import (
    CheckState,
    CommandRole,
    IncidentStatus,
    Phase,
    SystemStatus,
    TrackOutcome,
    Visibility,
)
from majorops.domain.errors import Invalid
from majorops.domain.parsing import utc_time
from majorops.domain.promise import named_update
from majorops.domain.text import clean_line, clean_text
from majorops.web.error_handlers import number_of


def line_filter(value: str | None) -> str:
    """One cleaned line of what was sent; empty where nothing was."""
    return clean_line(value or "")


def text_filter(value: str | None) -> str:
    """Cleaned text of several lines of what was sent; empty where nothing was."""
    return clean_text(value or "")


class Line(StringField):
    """One cleaned line of at most `most` characters."""

    def __init__(self, most: int = 300, **kwargs):
        limit = Length(max=most, message=f"At most {most:,} characters.")
        super().__init__(validators=[limit], filters=[line_filter], **kwargs)


class Text(StringField):
    """Cleaned text of several lines, of at most `most` characters."""

    def __init__(self, most: int = 10_000, **kwargs):
        limit = Length(max=most, message=f"At most {most:,} characters.")
        super().__init__(validators=[limit], filters=[text_filter], **kwargs)


Member = TypeVar("Member", bound=Enum)


class Choice(Field, Generic[Member]):
    """A member of an enumeration by its value.

    Absent gives the default, or the sentence `missing` where one must be chosen.
    """

    widget = TextInput()
    data: Member | None

    def __init__(self, members: type[Member], default: Member | None = None, missing: str = "", **kwargs):
        self.members = members
        super().__init__(default=default, validators=[InputRequired(missing)] if missing else [], **kwargs)

    def process_formdata(self, values: list[str]) -> None:
        """Read the first value sent; where there is none, or an empty one, the default stays.

        Raises ValueError, with the sentence for the person, for what is no member.
        """
        if not values or not values[0]:
            return
        value = values[0].strip()
        try:
            self.data = self.members(int(value) if issubclass(self.members, int) else value)
        except ValueError:
            self.data = None
            raise ValueError("Choose one of the values offered.") from None


class Moment(Field):
    """A time in UTC; empty for none."""

    widget = TextInput()

    def process_formdata(self, values: list[str]) -> None:
        """Read the first value sent as a time in UTC; None for an empty one.

        Raises ValueError, with the sentence for the person, for any other text.
        """
        self.data = None
        if values and values[0].strip():
            try:
                self.data = utc_time(values[0])
            except ValueError as error:
                raise ValueError(f"{str(error).capitalize()}.") from None


def minutes_field(may_be_empty: bool = False) -> IntegerField:
    """A whole number of minutes, 1 to 720; None where it `may_be_empty` and is."""
    sentence = "Between 1 and 720 minutes."
    given = Optional() if may_be_empty else InputRequired(sentence)
    return IntegerField(validators=[given, NumberRange(1, 720, sentence)])


class AdvanceForm(FlaskForm):
    """The phase to enter, None for the next one.

    `expected`: the phase that the person saw, None to compare with nothing. `reason`: why phases are skipped,
    `override`: why a closed gate is passed; both may be empty.
    """

    expected = Choice(Phase)
    to = Choice(Phase)
    reason = Text(2_000)
    override = Text(2_000)


class StatusForm(FlaskForm):
    """The status to set, None to keep the one there is.

    `override`: why a closed gate is passed, may be empty; `summary`: what becomes of the exec summary, None
    where that was not answered.
    """

    to = Choice(IncidentStatus)
    override = Text(2_000)
    summary = Choice(SummaryAtClose)


class SummaryForm(FlaskForm):
    """What becomes of the exec summary: `act` is `holds` or `clear`, `was` the text that the person read."""

    act = Line(most=10)
    was = Text(10_000)


class NoteForm(FlaskForm):
    """What somebody says of symptoms that returned; may be empty."""

    text = Text(5_000)


class LogForm(FlaskForm):
    """One line of a kind, `note` for any but `can`, `ask`, `decision` and `ruled_out`.

    A CAN may come in four fields instead: always on a phone, `by_field` on a desk.
    """

    kind = Line(most=10)
    text = Text(5_000)
    public = BooleanField()
    team = Line(most=80)
    conditions = Text(5_000)
    actions = Text(5_000)
    needs = Text(5_000)
    by_field = BooleanField()


class CheckForm(FlaskForm):
    """How one affected system is; `confirmed_by`: who said so on the bridge, empty for who sends it."""

    system = Line(most=80)
    state = Choice(CheckState, missing="Choose confirmed, failed or pending.")
    confirmed_by = Line(most=120)
    note = Text(2_000)


class SystemForm(FlaskForm):
    """What the public reads of one affected system; an empty status leaves it to the severity."""

    system = Line(most=80)
    status = Choice(SystemStatus)


class TickForm(FlaskForm):
    """A line of a phase's checklist by its key; without `ticked` it is unticked."""

    phase = Choice(Phase, missing="Say which phase the item belongs to.")
    item = Line(most=40)
    ticked = BooleanField()


class VisibilityForm(FlaskForm):
    """Who may read an entry; None, which the view takes as internal, where nothing was sent."""

    visibility = Choice(Visibility)


class CorrectionForm(FlaskForm):
    """The text that stands in place of a note, an update or a milestone.

    `reviewed`: the person read what in it came from an AI draft; asked of updates and milestones only.
    """

    text = Text(10_000)
    reviewed = BooleanField()


class ComposerForm(FlaskForm):
    """An `update`, a `resolution`, or a milestone for any other `kind`; internal unless chosen otherwise.

    `next_update`: minutes from now, or `set` for the time in `next_update_at`.
    """

    kind = Line(most=20)
    visibility = Choice(Visibility, default=Visibility.INTERNAL)
    body = Text(20_000)
    next_update = Line(most=10)
    next_update_at = Line(most=30)
    after_action = Line(most=10)  # a key of OFFERED; a typed time goes before it
    after_action_at = Line(most=40)
    draft = Line(most=10)  # which draft lies in the form
    reviewed = BooleanField()
    quiet = BooleanField()  # public, and no subscriber is told
    promise = Line(most=10)  # the answer to a text that names another time: `text` or `keys`

    @property
    def draft_id(self) -> int | None:
        """The draft that lies in the form; None for none."""
        return number_of(self.draft.data)

    def eta(self, now: datetime) -> datetime | None:
        """The promised time in UTC that the keys +15, +20, +30 or Set stand for; None for none.

        Where the person chose so, it is the one that their text names. Raises ValueError for a typed time
        that cannot be read.
        """
        if self.promise.data == "text" and (named := named_update(self.body.data, now)):
            return named.at
        if self.next_update.data.isdigit():
            return now + timedelta(minutes=int(self.next_update.data[:4]))
        return clock_time(self.next_update_at.data, now) if self.next_update.data == "set" else None

    def after_action_time(self, now: datetime) -> datetime | None:
        """When the After Action is held, in UTC, as typed or by its key; None for none. Raises Invalid."""
        try:
            return utc_time(self.after_action_at.data) or offered_at(self.after_action.data, now)
        except ValueError:
            example = offered_at("tomorrow", now)
            sentence = f"Write date and time in UTC, such as {example:%Y-%m-%d %H:%M}."
            raise Invalid({"after_action_at": sentence}) from None


def clock_time(typed: str, now: datetime) -> datetime | None:
    """A typed time in UTC: `14:56` is the next time the clock shows that, a full time stands for itself.

    None for an empty text. Raises ValueError.
    """
    if not typed:
        return None
    try:
        hour = datetime.strptime(typed, "%H:%M").replace(tzinfo=UTC)
    except ValueError:
        return utc_time(typed)
    moment = now.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0)
    return moment if moment > now else moment + timedelta(days=1)


class TrackForm(FlaskForm):
    """A recovery track: one line as `parse_track` reads it, or, where that is empty, four fields."""

    line = Line(most=600)
    team = Line(most=80)
    owner = Line(most=120)
    goal = Line(most=300)
    minutes = minutes_field(may_be_empty=True)


class EscalationForm(FlaskForm):
    """Whom a track is escalated to; empty for the Leader."""

    to = Line(most=120)
    note = Text(2_000)


class GatherForm(FlaskForm):
    """Teams by comma, whose conditions are asked for; their line may end in minutes.

    `minutes` goes before those of the line; without both it is five minutes.
    """

    teams = Line(most=600)
    minutes = minutes_field(may_be_empty=True)


class AnswerForm(FlaskForm):
    """The answer to an ask, or why it is deferred."""

    answer = Text(5_000)


class MinutesForm(FlaskForm):
    """How long an ask is parked, or the new timebox of a track; needed."""

    minutes = minutes_field()


class OutcomeForm(FlaskForm):
    """How a track ended, which must be chosen, and a note that may be empty."""

    outcome = Choice(TrackOutcome, missing="Choose succeeded, failed or abandoned.")
    note = Text(2_000)


class TimeboxForm(FlaskForm):
    """A timebox without a track: what it is for, who minds it, how long; minutes are needed."""

    purpose = Line(most=300)
    owner = Line(most=120)
    minutes = minutes_field()


class NudgeForm(FlaskForm):
    """The key of a nudge that is set aside: for five minutes with `snooze`, else for good."""

    key = Line(most=80)
    snooze = BooleanField()


class CardForm(FlaskForm):
    """The id of the run card to put on the fireground."""

    card = IntegerField(validators=[InputRequired("Choose a run card."), NumberRange(1, 2**31 - 1)])


class StepForm(FlaskForm):
    """Whether a step of the run card is done; absent for undone."""

    ticked = BooleanField()


class BriefForm(FlaskForm):
    """A drafted exec brief as the MIM takes it; `was`: the summary that they saw."""

    value = Text(10_000)
    was = Text(10_000)


class HandoverForm(FlaskForm):
    """The number of the account that command is offered to."""

    to = Line(most=10)

    @property
    def user_id(self) -> int | None:
        """The account that was chosen; None for what is none."""
        return number_of(self.to.data)


class HandoverAnswerForm(FlaskForm):
    """`accept`, `decline` or `withdraw`; the view refuses any other text."""

    answer = Line(most=10)


class NameForm(FlaskForm):
    """Who is released from the bridge, by name."""

    name = Line(most=120)


class LateForm(FlaskForm):
    """A public update after the close. `tells`: subscribers get it; `reviewed`: see CorrectionForm."""

    body = Text(10_000)
    tells = BooleanField()
    reviewed = BooleanField()


class DrillForm(FlaskForm):
    """Whether it is a drill, `yes`; anything else is no."""

    is_drill = Line(most=3)


class MergeForm(FlaskForm):
    """The incident that is kept, as people write it. `sure`: also where that is not on the public page."""

    kept = Line(most=20)
    sure = BooleanField()


class RedactionForm(FlaskForm):
    """Words to redact and why; `seal`: of the places that the person saw, empty to see them."""

    words = Text(10_000)
    reason = Line(most=1_000)
    seal = Line(most=16)


class PageForm(FlaskForm):
    """The role to page for, and whom, an account by name or address; empty for whoever is on call."""

    role = Choice(CommandRole, missing="Choose a role.")
    whom = Line(most=254)

    @property
    def chosen(self) -> CommandRole:
        """The role."""
        return cast(CommandRole, self.role.data)
