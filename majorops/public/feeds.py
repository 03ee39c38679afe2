"""The public record for feed readers, calendars, terminals, README badges and search engines."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as xml

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from icalendar import Calendar, Event
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.enums import MaintenanceStatus
from majorops.i18n import ENGLISH
from majorops.projections import public_duplicate, public_incident, public_maintenances, public_status
from majorops.projections.feed import RESOLVED, FeedIncident, FeedUpdate, feed_incidents
from majorops.public.page import PRIVATE, answer, base_address, name_of
from majorops.web.access import status_page
from majorops.web.formats import iso

bp = Blueprint("feeds", __name__)
ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ITEMS = 50


def items() -> list[tuple[FeedIncident, FeedUpdate]]:
    """The newest ITEMS updates over all incidents: one item each, that never changes once it was read."""
    found = [(one, update) for one in feed_incidents() for update in one.updates]
    return sorted(found, key=lambda pair: pair[1].at, reverse=True)[:ITEMS]


def title(one: FeedIncident, update: FeedUpdate) -> str:
    """The headline of an item: `INC-042 payments-api down: Milestone 2`, at the end `Resolved: INC-042 …`."""
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
    return answer(rss_document(), "application/rss+xml")


def rss_document() -> str:
    """RSS 2.0 of `items`. An item is known by its place on the incident's page."""
    base, org = base_address(), current_app.config["ORG_NAME"]
    root = xml.Element("rss", {"version": "2.0", "xmlns:atom": ATOM})
    channel = xml.SubElement(root, "channel")
    for name, text in (("title", f"{org} status"), ("link", base), ("description", f"Incidents of {org}")):
        child(channel, name, text)
    child(channel, "atom:link", href=f"{base}/history.rss", rel="self", type="application/rss+xml")
    for one, update in items():
        item, address = xml.SubElement(channel, "item"), f"{base}/incidents/{one.number}#update-{update.key}"
        for name, text in (
            ("title", title(one, update)),
            ("description", text_of(update)),
            ("link", address),
        ):
            child(item, name, text)
        child(item, "guid", address, isPermaLink="true")
        child(item, "pubDate", format_datetime(update.at))
    return document(root)


@bp.get("/history.atom")
@status_page
def atom() -> Response:
    """The newest public updates as Atom."""
    return answer(atom_document(), "application/atom+xml")


def atom_document() -> str:
    """Atom of `items`. The feed's time is that of its newest item, or EMPTY."""
    base, found = base_address(), items()
    tag = f"tag:{urlsplit(base).hostname},2005:"
    root = xml.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    child(root, "id", f"{tag}/history")
    child(root, "title", f"{current_app.config['ORG_NAME']} status")
    child(root, "updated", iso(found[0][1].at if found else EMPTY))
    child(root, "link", href=f"{base}/history.atom", rel="self", type="application/atom+xml")
    child(root, "link", href=base, rel="alternate", type="text/html")
    child(child(root, "author"), "name", current_app.config["ORG_NAME"])
    for one, update in found:
        entry, address = xml.SubElement(root, "entry"), f"{base}/incidents/{one.number}#update-{update.key}"
        child(entry, "id", f"{tag}Incident/{one.number}/{update.key}")
        for name in ("published", "updated"):
            child(entry, name, iso(update.at))
        child(entry, "link", href=address, rel="alternate", type="text/html")
        child(entry, "title", title(one, update))
        child(entry, "content", text_of(update), type="text")
    return document(root)


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


@bp.get("/badge.svg")
@status_page
def badge() -> Response:
    """The state of the whole as a small picture, for README files."""
    indicator, words = public_status(clock.now()).headline
    given = {"org": current_app.config["ORG_NAME"], "words": words, "indicator": indicator.value}
    return answer(render_template("public/badge.svg", **given), "image/svg+xml")


@bp.get("/sitemap.xml")
@status_page
def sitemap() -> Response:
    """For search engines: the status page, the history, and the incidents that the status page lists."""
    base, shown = base_address(), public_status(clock.now())
    root = xml.Element("urlset", {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"})
    paths = ["/", "/history", *(f"/incidents/{one.number}" for one in (*shown.active, *shown.recent))]
    for path in paths:
        child(xml.SubElement(root, "url"), "loc", base + path)
    return answer(document(root), "application/xml")


@bp.get("/robots.txt")
@status_page
def robots() -> Response:
    """Crawlers are kept off /admin and /login, and off everything unless MAJOROPS_ROBOTS is on."""
    rules = "Disallow: /admin\nDisallow: /login\n" if current_app.config["ROBOTS"] else "Disallow: /\n"
    return answer(f"User-agent: *\n{rules}Sitemap: {base_address()}/sitemap.xml\n", "text/plain")
