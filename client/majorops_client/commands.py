"""The commands: `majorops open`, `list`, `show`, `note`, `can`, `update`, `export`, `login`, `logout`."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from click.shell_completion import CompletionItem

from majorops_client import __version__, words
from majorops_client.api import Answer, Api, NoAnswer, Send, send
from majorops_client.kept import Login, forget, keep, login_of
from majorops_client.trouble import NOT_ALLOWED, TOO_OFTEN, UNREACHED, Trouble, plain

STATUSES = ("active", "monitoring", "resolved")
SEVERITIES = ("critical", "high", "medium", "low")
SHOWN = 10  # entries of the timeline, unless somebody asks for more
PAGE = 200  # incidents, or entries, in one answer
EVERY = 2.0  # seconds between two looks of --watch


@dataclass(frozen=True)
class Machine:
    """What the commands need of the machine: the network, time, a folder, the environment."""

    send: Send = send
    wait: Callable[[float], None] = time.sleep
    folder: Path = field(default_factory=lambda: Path(click.get_app_dir("majorops")))
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def api(self) -> Api:
        """The server that was logged in at. Raises Trouble where there is none."""
        return Api(login_of(self.folder, self.environ), self.send, self.wait)


def offered(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """The incidents that run, where a shell completes a number; nothing where none can be read."""
    machine = context.find_object(Machine) or Machine()
    try:
        login = login_of(machine.folder, machine.environ)
        found = Api(login, _once(machine.send), machine.wait).get("/incidents", limit=50)["incidents"]
    except (Trouble, KeyError):
        return []
    running = [one for one in found if one["resolved_at"] is None]
    return [
        CompletionItem(str(one["number"]), help=words.one_line(one["title"]))
        for one in running
        if str(one["number"]).startswith(begun)
    ]


def _once(ask: Send) -> Send:
    """Ask one time only: a shell waits for it."""

    def tried(*request: Any) -> Answer:
        try:
            return ask(*request)
        except NoAnswer:
            return Answer(500, {}, b"")

    return tried


class Number(click.ParamType):
    """An incident: `42`, or `INC-042`."""

    name = "incident"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        found = re.fullmatch(r"(?:[A-Za-z]+-)?(\d{1,9})", str(value).strip(), re.ASCII)
        if found is None:
            self.fail(f"{plain(value)} is no incident: say 42 or INC-042.", param, ctx)
        return int(found[1])


machine_given = click.make_pass_decorator(Machine, ensure=True)
number_given = click.argument("number", type=Number(), metavar="INCIDENT", shell_complete=offered)
as_json_given = click.option("--json", "as_json", is_flag=True, help="The API's own JSON.")


def acting(command: Callable) -> Callable:
    """The options of whatever changes an incident."""
    for option in (
        as_json_given,
        click.option("--key", default="", help="The Idempotency-Key of an earlier run: it is done once."),
        click.option("--if-version", type=int, help="Only if the incident still has this version."),
    ):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="majorops")
def majorops() -> None:
    """Incidents of a MajorOps server, by its REST API and a token of yours.

    Exit codes: 0 done, 1 stopped, 2 wrong command line, 3 no valid token, 4 not allowed, 5 not there,
    6 refused as it stands (a closed gate), 7 changed meanwhile, 8 not taken, 9 asked too often,
    10 not reached.
    """


@majorops.command()
@click.option("--url", help="The address of the server; else you are asked.")
@click.option("--token-stdin", is_flag=True, help="Read the token from standard input.")
@machine_given
def login(machine: Machine, url: str | None, token_stdin: bool) -> None:
    """Keep address and token, for you alone."""
    url = (url or machine.environ.get("MAJOROPS_URL") or click.prompt("Address")).strip().rstrip("/")
    token = sys.stdin.readline() if token_stdin else click.prompt("Token", hide_input=True)
    given = Login(url, token.strip())
    if not given.token:
        raise Trouble("No token was given.", 2)
    api = Api(given, machine.send, machine.wait)
    if urlsplit(url).scheme == "http" and urlsplit(url).hostname not in ("localhost", "127.0.0.1", "::1"):
        click.echo("Careful: with http:// whoever is between reads the token.", err=True)
    try:
        api.get("/incidents", limit=1)
    except Trouble as trouble:
        if trouble.exit_code != NOT_ALLOWED:
            raise
        click.echo(f"{trouble.message} It is kept all the same.", err=True)
    click.echo(f"Logged in at {url}. Kept in {keep(machine.folder, given)}.")


@majorops.command()
@machine_given
def logout(machine: Machine) -> None:
    """Forget address and token here; to end the token itself, revoke it at your account."""
    forget(machine.folder)
    click.echo("Forgotten here. The token itself is revoked at your account.")


@majorops.command("open")
@click.argument("title")
@click.option("-S", "--severity", type=click.Choice(SEVERITIES), required=True)
@click.option("-s", "--system", "systems", multiple=True, required=True, help="Once for each system.")
@click.option("--bridge", default="", help="The address of the call.")
@click.option("--detected-at", help="When it was noticed: 2026-11-29T14:05:00Z.")
@click.option("--alert-id", help="The alert's number where it came from.")
@click.option("--alert-fired-at", help="When the alert fired: 2026-11-29T14:03:00Z.")
@click.option("--drill", is_flag=True, help="A drill: nobody is called, nothing is public.")
@click.option("--key", default="", help="The Idempotency-Key of an earlier run: it is opened once.")
@as_json_given
@machine_given
def open_incident(
    machine: Machine, title: str, systems: tuple[str, ...], as_json: bool, **given: Any
) -> None:
    """Open an incident."""
    sent = {
        "title": title,
        "severity": given["severity"],
        "affected_systems": list(systems),
        "bridge_url": given["bridge"],
        "detected_at": given["detected_at"],
        "alert_id": given["alert_id"],
        "issue_time": given["alert_fired_at"],
        "is_drill": given["drill"],
    }
    made = machine.api().act("/incidents", sent, key=given["key"])
    tell(made, as_json, f"{made['reference']} is open: {address(machine, made['number'])}")


@majorops.command("list")
@click.option("--status", type=click.Choice(STATUSES))
@click.option("--system", help="Only incidents of this system.")
@click.option("-n", "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@as_json_given
@machine_given
def list_incidents(machine: Machine, status: str, system: str, limit: int, as_json: bool) -> None:
    """Incidents, the newest first."""
    api, before = machine.api(), None
    found: list[dict[str, Any]] = []
    for _ in range(-(-limit // PAGE)):
        left = min(PAGE, limit - len(found))
        page = api.get("/incidents", status=status, system=system, before=before, limit=left)
        found += page["incidents"]
        before = page["next"]
        if before is None:
            break
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    elif found:
        click.echo("\n".join(words.listed(found)))
    else:
        click.echo("There are none.", err=True)


@majorops.command()
@number_given
@click.option("--watch", is_flag=True, help="Stay, and tell what happens until the incident is resolved.")
@click.option("-n", "--entries", type=click.IntRange(0, PAGE), default=SHOWN, show_default=True)
@as_json_given
@machine_given
def show(machine: Machine, number: int, watch: bool, entries: int, as_json: bool) -> None:
    """An incident: how it stands, what runs, the newest of its timeline.

    With --watch each new entry is a line, with --json an object a line; it ends when the incident does.
    """
    api, path = machine.api(), f"/incidents/{number}"
    incident, tag = api.newer(path, "")
    if incident is None:
        raise Trouble("The server sent no incident.")
    seen = incident["version"]
    newest = list(timeline(api, path, after=max(seen - entries, 0), until=seen))
    said = api.get(f"{path}/response")
    if as_json and not watch:
        whole = {"incident": incident, "response": said, "timeline": newest}
        return click.echo(json.dumps(whole, ensure_ascii=False, indent=1))
    if not as_json:
        told = [*words.head(incident), *words.response(said), "", "Timeline", *map(words.entry, newest)]
        click.echo("\n".join(told))
    if watch:
        follow(machine, api, path, incident, tag, as_json)
    return None


def follow(machine: Machine, api: Api, path: str, incident: dict[str, Any], tag: str, as_json: bool) -> None:
    """Tell each new entry until the incident is resolved or somebody stops it; no bad line ends it."""
    seen = incident["version"]
    while incident["resolved_at"] is None:
        machine.wait(EVERY)
        try:
            newer, tag = api.newer(path, tag)
            if newer is None:
                continue
            entries = list(timeline(api, path, after=seen, until=newer["version"]))
        except Trouble as trouble:
            if trouble.exit_code not in (TOO_OFTEN, UNREACHED):
                raise
            click.echo(f"{trouble.message} Still watching.", err=True)
            tag = ""  # the entries may be what was missed
            continue
        for one in entries:
            click.echo(json.dumps(one, ensure_ascii=False) if as_json else words.entry(one))
        incident, seen = newer, newer["version"]
    if not as_json:
        click.echo(f"{incident['reference']} is resolved.")


def timeline(api: Api, path: str, *, after: int, until: int) -> Iterator[dict[str, Any]]:
    """The entries numbered above `after`, up to `until`, page by page."""
    for _ in range(-(-max(until - after, 0) // PAGE)):
        page = api.get(f"{path}/timeline", after=after, limit=PAGE)["entries"]
        yield from page
        if not page:
            return
        after = page[-1]["seq"]


@majorops.command()
@number_given
@click.argument("text")
@click.option("--public", is_flag=True, help="The public reads it.")
@acting
@machine_given
def note(machine: Machine, number: int, text: str, public: bool, as_json: bool, **how: Any) -> None:
    """Write a note into the timeline; - reads it from standard input."""
    sent = {"text": typed(text), "visibility": "public" if public else "internal"}
    made = act(machine, f"/incidents/{number}/notes", sent, **how)
    tell(made, as_json, "Noted.")


@majorops.command()
@number_given
@click.argument("team")
@click.argument("conditions")
@click.option("-a", "--actions", default="", help="What the team does.")
@click.option("-N", "--needs", default="", help="What it needs of others.")
@acting
@machine_given
def can(machine: Machine, number: int, team: str, conditions: str, as_json: bool, **given: Any) -> None:
    """Report conditions, actions and needs of a team."""
    sent = {"team": team, "conditions": typed(conditions)}
    sent |= {name: given.pop(name) for name in ("actions", "needs")}
    made = act(machine, f"/incidents/{number}/can-reports", sent, **given)
    tell(made, as_json, f"Reported for {made['team']}.")


@majorops.command()
@number_given
@click.argument("text")
@click.option("--draft", is_flag=True, help="Lay it before who commands; nothing is posted.")
@click.option("--public", is_flag=True, help="For the public.")
@click.option("--next-update", help="When the next one is promised: 2026-11-29T14:25:00Z.")
@acting
@machine_given
def update(
    machine: Machine, number: int, text: str, draft: bool, public: bool, as_json: bool, **given: Any
) -> None:
    """Post a status update, or with --draft propose one; - reads the text from standard input."""
    promised = given.pop("next_update")
    if draft and promised:
        raise click.UsageError("A draft promises nothing: who posts it chooses the time.")
    visibility = "public" if public else "internal"
    if draft:
        sent = {"helper": "update", "text": typed(text), "visibility": visibility}
        made = act(machine, f"/incidents/{number}/drafts", sent, **given)
        return tell(made, as_json, f"Draft {made['id']} lies before who commands. Nothing is posted.")
    sent = {"body": typed(text), "visibility": visibility, "next_update_eta": promised}
    made = act(machine, f"/incidents/{number}/updates", sent, **given)
    return tell(made, as_json, f"Posted, {made['visibility']}.")


@majorops.command()
@number_given
@click.option("--format", "form", type=click.Choice(("json", "markdown")), default="json", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False), default="-", help="A file; else printed.")
@machine_given
def export(machine: Machine, number: int, form: str, output: str) -> None:
    """An incident, its updates, its response and its whole timeline, in one file."""
    api, path = machine.api(), f"/incidents/{number}"
    incident = api.get(path)
    whole = {
        "incident": incident,
        "publications": api.get(f"{path}/publications")["publications"],
        "response": api.get(f"{path}/response"),
        "timeline": list(timeline(api, path, after=0, until=incident["version"])),
    }
    text = words.markdown(whole) if form == "markdown" else json.dumps(whole, ensure_ascii=False, indent=1)
    with click.open_file(output, "w", encoding="utf-8", atomic=output != "-") as file:
        file.write(text.rstrip("\n") + "\n")


def act(machine: Machine, path: str, sent: Mapping[str, object], *, key: str, if_version: int) -> Any:
    """Do it once, and only at this version where one is given."""
    return machine.api().act(path, sent, key=key, version=if_version)


def tell(made: object, as_json: bool, sentence: str) -> None:
    """What was done: a sentence, or the API's JSON."""
    click.echo(json.dumps(made, ensure_ascii=False, indent=1) if as_json else plain(sentence))


def typed(text: str) -> str:
    """What was typed; of `-` what standard input has."""
    return sys.stdin.read().strip() if text == "-" else text


def address(machine: Machine, number: int) -> str:
    """The fireground of an incident."""
    return f"{login_of(machine.folder, machine.environ).url}/admin/incidents/{number}"
