"""Pagers outside: what a rota's service is asked, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from majorops.db import db
from majorops.domain.enums import ChannelKind
from majorops.domain.pagers import PagerAct, PagerRequest, Told, request_of
from majorops.models import Delivery, Incident, Page, Rota
from majorops.notifications.inside import DRILL, PAGE_OVER
from majorops.notifications.message import Message, NotSent
from majorops.notifications.webhook import ask
from majorops.operations.rotas import key_of

NO_PAGER = "Not sent: the rota has no pager of this kind any more."
NO_KEY = "Not sent: no secret key of ours opens the pager's key. Paste it once more at the rota."
REFUSED = frozenset({400, 401, 403, 404, 410, 422})  # the same again would be refused again


def message(row: Delivery, settings: dict[str, Any], now: datetime) -> Message:
    """The request of a row, from what stands in the record now; `void` says why it must not go."""
    number, what = row.act.split(":")[1:3]
    page = db.session.get_one(Page, int(number))
    act = PagerAct(what) if what in list(PagerAct) else PagerAct.TRIGGER
    void, rota, asked = _void(row, page, act), page.rota, PagerRequest("", {})
    if not void and rota and rota.pager_kind:
        try:
            told = _told(row, page, settings)
            asked = request_of(rota.pager_kind, act, rota.pager_url, key_of(rota), told)
        except ValueError:
            void = NO_KEY
    return Message(
        id=row.id,
        key=row.key,
        kind=ChannelKind.PAGER,
        address=asked.address,
        secret="",
        subject=row.subject,
        body=row.body,
        notice=row.notice.value,
        incident=row.incident_id,
        link="",
        act=row.act,
        waited=now - row.next_at,
        void=void,
        headers=tuple(asked.headers.items()),
        payload=dict(asked.body),
    )


def _void(row: Delivery, page: Page, act: PagerAct) -> str:
    if page.incident.is_drill:
        return DRILL
    if act is PagerAct.TRIGGER and page.ended_at:
        return PAGE_OVER
    return "" if _is_still(page.rota, row.recipient) else NO_PAGER


def _is_still(rota: Rota | None, name: str) -> bool:
    return rota is not None and rota.pager_kind is not None and rota.pager_kind.label == name


def _told(row: Delivery, page: Page, settings: Mapping[str, Any]) -> Told:
    incident: Incident = page.incident
    base = settings["BASE_URL"]
    return Told(
        key=page.pager_key or "",
        summary=row.subject,
        details=f"{incident.title}\n{incident.severity.label}, {incident.alarm_level.label}",
        severity=incident.severity,
        systems=tuple(incident.system_names),
        by=page.begun_by,
        link=f"{base}/admin/incidents/{incident.id}#handover" if base else "",
    )


def send(message: Message, settings: Mapping[str, Any]) -> None:
    """POST it. Redirects are not followed, private addresses refused (webhook.py). Raises NotSent."""
    body = json.dumps(message.payload, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", **dict(message.headers)}
    status = ask(message.address, body, headers, settings)[0]
    if not 200 <= status < 300:
        why = " It redirects; redirects are not followed." if 300 <= status < 400 else ""
        host = urlsplit(message.address).hostname
        raise NotSent(f"{host} answered {status}.{why}", is_final=status in REFUSED)
