"""One line of the list of commands, and the usual ways to make one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from majorops.fireground.palette.keys import KEYS
from majorops.fireground.view import View
from majorops.operations.fields import FIELDS, field_id

EDIT = "fireground.editor"


@dataclass(frozen=True)
class Command:
    """One line of the list.

    `place`: ids on the fireground, the first one there gets the focus; a folded part is opened.
    `choose`: ids of keys and options to set on the way, `fill`: text for an empty field, `press`: press
    it too. `link`: endpoint and what it takes, the page to go to where there is no script. `endpoint`:
    the endpoint that changes something, `takes` what its address takes, `values` what is sent; a
    field's editor answers in `target`.
    """

    label: str
    locked: str = ""
    key: str = ""
    place: str = ""
    choose: str = ""
    fill: str = ""
    press: bool = False
    link: str = ""
    endpoint: str = ""
    takes: Mapping[str, object] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)
    target: str = ""
    address: str = ""  # outside of this product

    @property
    def opens_tab(self) -> bool:
        """It leads to a page in a tab of its own: outside of this product, or the public page."""
        return bool(self.address) or self.link == "public.incident"

    @property
    def is_sent(self) -> bool:
        """It is sent from the list, at once: it needs no place on the fireground."""
        return bool(self.endpoint) and not self.place


def at(view: View, key: str, label: str = "", endpoint: str = "", **more) -> Command:
    """The command of a single key, for this person; `more`: further fields of Command.

    Empty, `label` is what the key does. Raises KeyError for no such key.
    """
    it = KEYS[key]
    command = Command(
        label or it.does,
        view.why_not(it.needs, always=it.always),
        key,
        place=it.place,
        choose=it.choose,
        fill=it.fill(view) if it.fill else "",
        press=it.press,
        endpoint=endpoint,
    )
    return replace(command, **more)


def to_place(label: str, locked: str, place: str, endpoint: str, **more) -> Command:
    """A form on the fireground: opened there, never sent from here.

    `endpoint`: within the fireground; `more`: further fields of Command.
    """
    return Command(label, locked, place=place, endpoint=f"fireground.{endpoint}", **more)


def edit(view: View, name: str, label: str = "", key: str = "") -> Command:
    """The editor of a field, in its place or on its own page. Raises KeyError for no such field."""
    place = f"{field_id(name)}-value {field_id(name)}-input"
    return Command(
        label or f"Edit {FIELDS[name].label}",
        view.why_not_edit(name),
        key,
        place=place,
        press=True,
        link=EDIT,
        endpoint="fireground.save",
        takes={"name": name},
    )


def short(text: str) -> str:
    """A text as part of a line of the list: one line, at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
