"""What every table shares: only admins, no write of its own, values as people read them, safe export."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum

from flask import abort, flash
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import BaseForm
from flask_admin.model import typefmt
from flask_login import current_user

from majorops import clock
from majorops.admin.filters import EnumFilters
from majorops.db import db
from majorops.domain.access import Permission
from majorops.domain.errors import Invalid, Refused

FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Guard:
    """Only accounts that may manage data; the rest is asked to sign in or told no."""

    def is_accessible(self) -> bool:
        return current_user.is_authenticated and current_user.actor.can(Permission.DATA_MANAGE)

    def inaccessible_callback(self, name: str, **kwargs):
        abort(403 if current_user.is_authenticated else 401)


def show_time(view, value: datetime, name: str) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}"


def show_label(view, value: Enum, name: str) -> str:
    return value.label


def exported(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


FORMATTERS = {**typefmt.BASE_FORMATTERS, datetime: show_time, Enum: show_label}


class Table(Guard, ModelView):
    """Read-only unless a subclass says otherwise; Flask-Admin's own writes are never used."""

    can_create = can_edit = can_delete = False
    can_view_details = True
    can_export = True
    export_max_rows = 50_000
    page_size = 50
    can_set_page_size = False
    column_default_sort: tuple | None = ("id", True)
    column_type_formatters = FORMATTERS
    column_type_formatters_export = FORMATTERS
    column_type_formatters_detail = FORMATTERS
    filter_converter = EnumFilters()
    named_filter_urls = True
    list_template = "admin/list.html"
    details_template = "admin/details.html"
    create_template = edit_template = "admin/form.html"

    def get_export_value(self, model, name: str) -> object:
        return exported(super().get_export_value(model, name))

    def verb(self, form: BaseForm, work: Callable[[dict], object]):
        """Call verbs through `work(who)`; a refusal is told at its field and the form stays as typed."""
        try:
            return work({"actor": current_user.actor, "now": clock.now()})
        except Invalid as problem:
            for name, sentence in problem.errors.items():
                if name in form:
                    form[name].errors = [*form[name].errors, sentence]
                else:
                    flash(sentence, "error")
        except Refused as problem:
            flash(str(problem), "error")
        db.session.rollback()
        return False

    def create_model(self, form: BaseForm):
        return self.verb(form, lambda who: self.add(form, who))

    def update_model(self, form: BaseForm, model) -> bool:
        return self.verb(form, lambda who: self.change(form, model, who)) is not False

    def delete_model(self, model) -> bool:
        """Nothing is deleted: the record stays whole."""
        return False
