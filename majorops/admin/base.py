"""What every table shares: who may open it, how it is read, written and exported.

Only admins; writes only through operations; values as people read them; safe export.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import abort, flash, make_response, redirect, request
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import BaseForm
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.admin.bulk import Bulk
from majorops.admin.columns import Columns
from majorops.admin.export import Export
from majorops.admin.reading import Reading
from majorops.admin.show import EXPORTED, SHOWN, is_time, safe_cell
from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.errors import Invalid, Refused
from majorops.domain.text import clean_line
from majorops.web.context import current_actor
from majorops.web.proof import demand_proof
from majorops.web.redirects import ours_or

LAST_PAGE = 10**6  # far beyond it the offset is no number of the database any more
# Flask-Admin's own ways to write; none of them knows our operations.
CLOSED = frozenset({"delete_view", "action_view", "ajax_update", "ajax_lookup"})


class Guard:
    """Only accounts that may manage data; a stranger is asked to sign in."""

    def is_accessible(self) -> bool:
        """Flask-Admin asks this before each of its views; only admins hold DATA_MANAGE (domain §1)."""
        return current_user.is_authenticated and current_user.actor.can(Permission.DATA_MANAGE)

    def inaccessible_callback(self, name: str, **kwargs):
        """Abort with 401 for a stranger, who is asked to sign in, and with 403 for any other account."""
        abort(403 if current_user.is_authenticated else 401)


class Table(Guard, Reading, Columns, Export, Bulk, ModelView):
    """Read-only unless a subclass says otherwise.

    A table that may be written sets `can_edit` (and `can_create`), gives `stored(row)`, the form's text
    for each value, and calls one operation in `change` (and `add`). `about`: one line on what the table
    holds. `presets`: lists that admins ask for often, as a name and the parameters of their address.
    `acts`: see bulk.py.
    """

    about = ""
    needs_proof = False  # of what decides who gets in and who is told: asked for by web/proof.py
    empty = "0 rows."
    create_label = "Add"
    presets: tuple[tuple[str, dict[str, str]], ...] = ()
    can_create = can_edit = can_delete = False
    can_view_details = can_export = True
    can_set_page_size = True
    page_size_options = (25, 50, 100, 200)
    page_size = 50
    form = BaseForm  # keeps Flask-Admin from making forms out of columns
    loads: tuple = ()  # what the columns need, loaded with the rows
    column_default_sort: str | tuple[str, bool] = ("id", True)
    column_type_formatters = column_type_formatters_detail = SHOWN
    column_type_formatters_export = EXPORTED
    list_template = "admin/list.html"
    details_template = "admin/details.html"
    create_template = edit_template = "admin/form.html"

    def _handle_view(self, name: str, **kwargs):
        super()._handle_view(name, **kwargs)
        is_open = {"create_view": self.can_create, "edit_view": self.can_edit}.get(name, name not in CLOSED)
        if not is_open:
            abort(404)
        if self.needs_proof:
            demand_proof()

    # Reading

    def get_one(self, id: str | None):
        """The row with this number, typed as in an address. Aborts with 404, also for what is no number."""
        text = str(id or "")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        return self.get_query().options(*self.loads).filter_by(id=number).one_or_none() or abort(404)

    @expose("/details/")
    def details_view(self) -> str:
        """One row, with the way back to where the person came from."""
        row = self.get_one(request.args.get("id"))
        given = {"details_columns": self._details_columns, "get_value": self.get_detail_value}
        return self.render(self.details_template, model=row, return_url=self.way_back(), **given)

    def get_filter_arg(self, index: int, flt) -> str:
        """What stands behind `flt_` in addresses: the filter's own name, so that a list can be linked to."""
        return flt.arg

    def _get_list_filter_args(self) -> list:
        found = []
        for name, value in request.args.items():
            index, filter = self._filter_args.get(name.partition("_")[2], (None, None))
            if filter is None or not name.startswith("flt") or not value.strip():
                continue
            if filter.validate(value):
                found.append((index, filter.name, value))
            else:
                flash(
                    f"{filter.name}: {clean_line(value)[:60]} is not a value. This filter is left out.",
                    "error",
                )
        return found

    def _get_list_extra_args(self):
        arguments = super()._get_list_extra_args()
        arguments.page = min(max(self._page_asked(arguments.page), 0), LAST_PAGE)
        arguments.search = clean_line(arguments.search or "") or None
        # All would reach url_for, which reads some as its own.
        columns = ",".join(self.columns_by(request.args.get("columns")))
        arguments.extra_args = {"columns": columns} if columns else {}
        return arguments

    def _page_asked(self, page: int) -> int:
        """The page, from 0; `go` in the address is one as people count, from 1."""
        typed = clean_line(request.args.get("go", ""))
        if not typed:
            return page
        if typed.isascii() and typed.isdigit() and len(typed) < 10 and int(typed):
            return int(typed) - 1
        flash(f"{typed[:60]} is no number of a page.", "error")
        return page

    def get_export_columns(self) -> list:
        """(name, label) of each column that the file has; labels of times say UTC."""
        columns = super().get_export_columns()
        return [(name, f"{label}, UTC" if is_time(self.model, name) else label) for name, label in columns]

    def get_export_value(self, model, name: str) -> str:
        """The value as text that no spreadsheet takes for a formula (`safe_cell`)."""
        return safe_cell(super().get_export_value(model, name))

    def get_export_name(self, export_type: str = "csv") -> str:
        """The file's name with the time of the export in UTC: `incidents-2026-11-23-1401.csv`."""
        return f"{self.name.lower().replace(' ', '-')}-{clock.now():%Y-%m-%d-%H%M}.{export_type}"

    def preset_links(self) -> list[tuple[str, str, bool]]:
        """Name and address of each preset, and whether it is the list that is shown."""
        given = {name: text for name, text in request.args.items() if text and name.startswith("flt")}
        return [
            (
                name,
                self.get_url(f"{self.endpoint}.index_view", **args),
                given == {key: str(text) for key, text in args.items()},
            )
            for name, args in self.presets
        ]

    def heading(self, row) -> str:
        """What a page on this row is called."""
        return f"{self.name}, row {row.id}"

    def links(self, row) -> list[tuple[str, str]]:
        """Where else this row is seen: label and address; empty for nowhere."""
        return []

    # Writing

    def stored(self, row) -> dict[str, str]:
        """The text of every value of the edit form, by the form's name. Only where `can_edit` is set."""
        raise NotImplementedError

    def form_for(self, row) -> type[BaseForm]:
        """The class of the form that edits this row."""
        return self._edit_form_class

    def edit_form(self, obj=None) -> BaseForm:
        """The form of a row: with the stored values, after a POST with what was typed.

        Beside each value stands a hidden `was_<name>`, what the person saw; `changes` compares the two.
        """
        stored = self.stored(obj)
        stored |= {f"was_{name}": text for name, text in stored.items()}
        return self.form_for(obj)(request.form if request.method == "POST" else None, data=stored)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Response:
        """The form of one row; once saved, back to where the person came from. Aborts with 404."""
        row = self.get_one(request.args.get("id"))
        form = self.edit_form(obj=row)
        if request.method == "POST" and form.validate() and self.update_model(form, row):
            return redirect(self.way_back(), 303)
        return self.draw(self.edit_template, form, model=row)

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Response:
        """The form of a new row; once added, back to where the person came from."""
        form = self.create_form()
        if request.method == "POST" and form.validate() and self.create_model(form):
            return redirect(self.way_back(), 303)
        return self.draw(self.create_template, form, model=None)

    def draw(self, template: str, form: BaseForm, **more) -> Response:
        """The form; with what was typed and 422 after a refusal."""
        page = self.render(template, form=form, return_url=self.way_back(), **more)
        return make_response(page, 422 if form.errors else 200)

    def way_back(self) -> str:
        """Where the person came from, by the parameter `url`; else the list."""
        return ours_or(request.values.get("url"), self.get_url(".index_view"))

    def create_model(self, form: BaseForm):
        """Add a row by the table's `add`. Returns what was made; None after a refusal, told in the form."""
        row = self.ask(form, lambda actor, now: self.add(form, actor=actor, now=now))
        if row:
            flash(f"Added: {row}.", "done")
        return row

    def update_model(self, form: BaseForm, model) -> bool:
        """Save what the person changed by the table's `change`. Returns whether it was saved.

        One conflict is enough that nothing is saved. A refusal stands in the form.
        """
        changes = self.changes(form, model)

        def change(actor: Actor, now: datetime) -> bool:
            self.change(model, changes, form, actor=actor, now=now)
            return True

        if form.errors or self.ask(form, change) is None:
            self.face_stored(form, model)
            return False
        names = ", ".join([*(form[name].label.text for name in changes), *self.more_saved(form)])
        flash(f"Saved: {names}." if names else "Nothing was changed.", "done")
        return True

    def more_saved(self, form: BaseForm) -> list[str]:
        """Labels of what the form saves beyond the stored values, to be named once they are saved."""
        return []

    def delete_model(self, model) -> bool:
        """False: nothing is deleted, the record stays whole."""
        return False

    def changes(self, form: BaseForm, row) -> dict[str, tuple[str, str]]:
        """What the person changed: name → (typed, was).

        What they left alone stays as somebody else may have set it; what both changed is a conflict,
        told at its field.
        """
        found = {}
        for name, stored in self.stored(row).items():
            typed, was = (one_ending(form[key].data) for key in (name, f"was_{name}"))
            if typed not in (was, stored):
                found[name] = (typed, was)
                if was != stored:
                    tell(form, name, f"{form[name].label.text} was changed meanwhile.")
        return found

    def face_stored(self, form: BaseForm, row) -> None:
        """After a refusal, show at its field each stored value that is not the one that the person saw.

        Saving once more then puts the typed text in its place.
        """
        for name, stored in self.stored(row).items():
            if form[name].errors and one_ending(form[f"was_{name}"].data) != stored:
                form[f"was_{name}"].data = stored
                tell(form, name, f'Stored now: "{stored}". Save again to put this text in its place.')

    def ask(self, form: BaseForm, work: Callable[[Actor, datetime], object]) -> object:
        """Call an operation.

        None if it refuses: the reason stands at its field, the form keeps what was typed.
        """
        try:
            return work(current_actor(), clock.now())
        except Invalid as problem:
            for name, sentence in problem.errors.items():
                tell(form, name, sentence)
        except Refused as problem:
            tell(form, None, str(problem))
        db.session.rollback()
        return None


def one_ending(text: str | None) -> str:
    """The text with LF, as texts are stored (browsers send CRLF), without space around; None is empty."""
    return (text or "").replace("\r\n", "\n").strip()


def tell(form: BaseForm, name: str | None, sentence: str) -> None:
    """Put a sentence at a field, or at the top of the form if it has no such field."""
    if name in form:
        form[name].errors = [*form[name].errors, sentence]
    else:
        form.form_errors = [*form.form_errors, sentence]
