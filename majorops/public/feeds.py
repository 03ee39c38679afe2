"""The public record for feed readers, calendars, terminals and search engines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as xml

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from icalendar import Calendar, Event
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.enums import MaintenanceStatus
from majorops.domain.maintenance import span
from majorops.i18n import ENGLISH, NEW_TIME
from majorops.projections import public_duplicate, public_incident, public_maintenances, public_status
from majorops.projections.feed import RESOLVED, FeedIncident, FeedUpdate, feed_incidents
from majorops.projections.maintenance import PublicMaintenance
from majorops.projections.systems import listed_as
from majorops.public.page import PRIVATE, answer, base_address, name_of
from majorops.web.access import status_page
from majorops.web.formats import iso

bp = Blueprint("feeds", __name__)
ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ITEMS = 50


@dataclass(frozen=True)
class Item:
    """Something that was said, once and for all.

    `path` and `name` are its own for ever; `name` is the end of its Atom id.
    """

    path: str
    name: str
    title: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Feed:
    """A feed.

    `path`: without its ending; it also ends the Atom id. `about`: what it tells of.
    """

    path: str
    title: str
    about: str
    items: tuple[Item, ...]


def history_feed() -> Feed:
    """What was said of all incidents."""
    org = current_app.config["ORG_NAME"]
    return Feed("/history", f"{org} status", f"Incidents of {org}", newest(of_incidents(feed_incidents())))


def maintenance_feed() -> Feed:
    """What was said of all maintenance, new dates too."""
    org, said = current_app.config["ORG_NAME"], newest(of_maintenance(public_maintenances()))
    return Feed("/maintenance", f"{org} maintenance", f"Maintenance of {org}", said)


def system_feed(name: str) -> Feed:
    """What was said of a listed system: its incidents and its maintenance.

    `name`: as `feed_name` writes it. Aborts with 404 where the public page lists no such system.
    """
    system = listed_as(name) or abort(404)
    org = current_app.config["ORG_NAME"]
    works = [one for one in public_maintenances() if system in one.systems]
    said = newest([*of_incidents(feed_incidents(system=system)), *of_maintenance(works)])
    about = f"Incidents and maintenance of {system}"
    return Feed(f"/systems/{name}", f"{org} status: {system}", about, said)


def of_incidents(found: Iterable[FeedIncident]) -> list[Item]:
    """One item for each update of these incidents; it never changes once it was read."""
    return [
        Item(
            f"/incidents/{one.number}#update-{update.key}",
            f"Incident/{one.number}/{update.key}",
            title(one, update),
            text_of(update),
            update.at,
        )
        for one in found
        for update in one.updates
    ]


def of_maintenance(found: Iterable[PublicMaintenance]) -> list[Item]:
    """One item for each update of these maintenances, and one for the plan with the dates it had at first."""
    made = []
    for one in found:
        moved = [said for update in one.updates if (said := NEW_TIME.fullmatch(update.body))]
        when = f"{moved[-1][3]} to {moved[-1][4]} UTC" if moved else span(one.starts_at, one.ends_at)
        plan = " ".join(filter(None, (f"{when}.", one.body)))
        systems = f"Systems: {', '.join(one.systems)}." if one.systems else ""
        entries = [(f"m{update.id}", update.status, update.body, update.at) for update in one.updates]
        entries.append((f"mp{one.number}", MaintenanceStatus.PLANNED, plan, one.created_at))
        made += [
            Item(
                f"/maintenance/{one.number}#{key}",
                f"Maintenance/{one.number}/{key}",
                f"Maintenance {one.title}: {status.label}",
                f"{at:%-d %b %H:%M} UTC, {status.label}. {' '.join(filter(None, (body, systems)))}",
                at,
            )
            for key, status, body, at in entries
        ]
    return made


def newest(items: Iterable[Item]) -> tuple[Item, ...]:
    """The newest ITEMS, the newest first."""
    return tuple(sorted(items, key=lambda item: item.at, reverse=True)[:ITEMS])


def title(one: FeedIncident, update: FeedUpdate) -> str:
    """The headline of an item: `INC-042 payments-api down: Milestone 2`; at the end `Resolved: INC-042`."""
    if update.title == RESOLVED:
        return f"{RESOLVED}: {one.reference} {one.title}"
    return f"{one.reference} {one.title}: {update.title}"


def text_of(update: FeedUpdate) -> str:
    """An item's text, with its time in UTC and the status that the incident had then."""
    return f"{update.at:%-d %b %H:%M} UTC, {update.status}. {update.body}"


def child(parent: xml.Element, name: str, text: str = "", **attributes: str) -> xml.Element:
    """An element with text that XML can carry."""
    made = xml.SubElement(parent, name, attributes)
    made.text = NOT_XML.sub("\ufffd", text) or None
    return made


@bp.get("/history.rss")
@status_page
def rss() -> Response:
    """The newest public updates as RSS."""
    return as_rss(history_feed())


@bp.get("/history.atom")
@status_page
def atom() -> Response:
    """The newest public updates as Atom."""
    return as_atom(history_feed())


@bp.get("/maintenance.rss")
@status_page
def maintenance_rss() -> Response:
    """What was said of maintenance as RSS."""
    return as_rss(maintenance_feed())


@bp.get("/maintenance.atom")
@status_page
def maintenance_atom() -> Response:
    """What was said of maintenance as Atom."""
    return as_atom(maintenance_feed())


@bp.get("/systems/<system>.rss")
@status_page
def system_rss(system: str) -> Response:
    """What was said of one system as RSS. Aborts with 404 where the public page does not list it."""
    return as_rss(system_feed(system))


@bp.get("/systems/<system>.atom")
@status_page
def system_atom(system: str) -> Response:
    """What was said of one system as Atom. Aborts with 404 where the public page does not list it."""
    return as_atom(system_feed(system))


def as_rss(feed: Feed) -> Response:
    """RSS 2.0. An item is known by its place on the page that it is about."""
    base = base_address()
    root = xml.Element("rss", {"version": "2.0", "xmlns:atom": ATOM})
    channel = xml.SubElement(root, "channel")
    for name, text in (("title", feed.title), ("link", base), ("description", feed.about)):
        child(channel, name, text)
    child(channel, "atom:link", href=f"{base}{feed.path}.rss", rel="self", type="application/rss+xml")
    for one in feed.items:
        item, address = xml.SubElement(channel, "item"), f"{base}{one.path}"
        for name, text in (("title", one.title), ("description", one.text), ("link", address)):
            child(item, name, text)
        child(item, "guid", address, isPermaLink="true")
        child(item, "pubDate", format_datetime(one.at))
    return answer(document(root), "application/rss+xml")


def as_atom(feed: Feed) -> Response:
    """Atom. The feed's time is that of its newest item, or EMPTY."""
    base = base_address()
    tag = f"tag:{urlsplit(base).hostname},2005:"
    root = xml.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    child(root, "id", f"{tag}{feed.path}")
    child(root, "title", feed.title)
    child(root, "updated", iso(feed.items[0].at if feed.items else EMPTY))
    child(root, "link", href=f"{base}{feed.path}.atom", rel="self", type="application/atom+xml")
    child(root, "link", href=base, rel="alternate", type="text/html")
    child(child(root, "author"), "name", current_app.config["ORG_NAME"])
    for one in feed.items:
        entry = xml.SubElement(root, "entry")
        child(entry, "id", f"{tag}{one.name}")
        for name in ("published", "updated"):
            child(entry, name, iso(one.at))
        child(entry, "link", href=f"{base}{one.path}", rel="alternate", type="text/html")
        child(entry, "title", one.title)
        child(entry, "content", one.text, type="text")
    return answer(document(root), "application/atom+xml")


EMPTY = datetime.fromisoformat("2020-01-01T00:00:00+00:00")  # when an empty feed was updated


def document(root: xml.Element) -> str:
    """The element and all below it as an XML file."""
    return '<?xml version="1.0" encoding="utf-8"?>\n' + xml.tostring(root, encoding="unicode")


@bp.get("/maintenance.ics")
@status_page
def calendar() -> Response:
    """Public maintenance as a calendar to subscribe to."""
    return answer(maintenance_calendar().to_ical().decode(), "text/calendar")


def maintenance_calendar() -> Calendar:
    """One event for each public maintenance, cancelled ones too.

    Calendars take a change over because `sequence` (seconds from the planning to the last change) grew.
    """
    base, shown = base_address(), Calendar()
    for name, text in (("prodid", "-//MajorOps//status//EN"), ("version", "2.0"), ("method", "PUBLISH")):
        shown.add(name, text)
    shown.add("x-wr-calname", f"{current_app.config['ORG_NAME']} maintenance")
    for one in public_maintenances():
        event, is_off = Event(), one.status is MaintenanceStatus.CANCELLED
        event.add("uid", f"maintenance-{one.number}@{urlsplit(base).hostname}")
        event.add("dtstamp", one.changed_at)
        event.add("last-modified", one.changed_at)
        event.add("sequence", int((one.changed_at - one.created_at).total_seconds()))
        event.add("dtstart", one.starts_at)
        event.add("dtend", one.ends_at)
        event.add("summary", one.title)
        event.add("description", "\n\n".join(filter(None, (one.body, ", ".join(one.systems)))))
        event.add("url", f"{base}/maintenance/{one.number}")
        event.add("status", "CANCELLED" if is_off else "CONFIRMED")
        shown.add_component(event)
    return shown


@bp.get("/status.txt")
@status_page
def plain_status() -> Response:
    """The status page as plain text, in English."""
    return plain("status", status=public_status(clock.now()))


@bp.get("/incidents/<int:number>.txt")
@status_page
def plain_incident(number: int) -> Response:
    """An incident's public page as plain text, in English; of a duplicate, on to the one that is kept.

    Aborts with 404 where the public has none.
    """
    if (found := public_incident(number)) is None:
        kept = public_duplicate(number) or abort(404)
        answer = redirect(url_for(request.endpoint or "", number=kept), 303)
        answer.headers["Cache-Control"] = PRIVATE
        return answer
    return plain("incident", incident=found)


def plain(template: str, **values) -> Response:
    """A page as plain text, for terminals and screen readers.

    Its ETag leaves out the first line, which says when it was drawn.
    """
    now = clock.now()
    given = {"t": ENGLISH, "org": current_app.config["ORG_NAME"], "base": base_address(), "now": now}
    text = render_template(f"public/{template}.txt", **values, **given)
    return answer(text, "text/plain", name_of(text.partition("\n")[2]))


@bp.get("/sitemap.xml")
@status_page
def sitemap() -> Response:
    """For search engines: the status page, history, maintenance, and the incidents that the page lists."""
    base, shown = base_address(), public_status(clock.now())
    root = xml.Element("urlset", {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"})
    incidents = [f"/incidents/{one.number}" for one in (*shown.active, *shown.recent)]
    for path in ["/", "/history", "/maintenance", *incidents]:
        child(xml.SubElement(root, "url"), "loc", base + path)
    return answer(document(root), "application/xml")


@bp.get("/robots.txt")
@status_page
def robots() -> Response:
    """Crawlers are kept off /admin and /login, and off everything unless MAJOROPS_ROBOTS is on."""
    rules = "Disallow: /admin\nDisallow: /login\n" if current_app.config["ROBOTS"] else "Disallow: /\n"
    return answer(f"User-agent: *\n{rules}Sitemap: {base_address()}/sitemap.xml\n", "text/plain")
