"""One's own devices: switched on in the browser itself, told apart, removed, and ended by sign-out."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import ChannelKind, DeliveryState
from majorops.models import AuditEntry, Channel, Delivery, User
from majorops.operations import own_notices
from majorops.operations.devices import add_device, devices_of, remove_gone_device, remove_left_device
from tests.notifications.push_service import DEVICE
from tests.web.page import check

PAGE = "/admin/account/devices"
GIVEN = {name: value for name, value in DEVICE.items() if name != "name"}
PHONE = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/150.0.0.0 Mobile Safari/537.36"


class Person:
    """A phone on the Devices page."""

    def __init__(self, cast, nick: str):
        self.client, self.id = cast.browser(nick), getattr(cast, nick).user_id

    def post(self, path: str = "", at: str = PAGE, **form):
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(PAGE).text)[1]
        given = {"csrf_token": token, **form}
        return self.client.post(at + path, data=given, headers={"User-Agent": PHONE})

    @property
    def devices(self) -> list[Channel]:
        db.session.rollback()
        return devices_of(self.id)


@pytest.fixture
def xin(cast):
    return Person(cast, "xin")


@pytest.mark.parametrize("nick", ["ada", "maya", "rita", "xin"])
def test_everybody_has_the_page(cast, nick):
    answer = cast.browser(nick).get(PAGE)
    check(answer)
    assert re.search(r'data-push="[\w-]{87}"', answer.text)
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_device_is_switched_on_off_and_removed(xin):
    answer = xin.post(**GIVEN)
    assert answer.status_code == 303
    (device,) = xin.devices
    assert (device.name, device.kind, device.is_active) == ("Chrome on Android", ChannelKind.PUSH, True)
    assert device.secret == f"{GIVEN['key']}.{GIVEN['auth']}"
    page = xin.client.get(PAGE)
    check(page)
    assert "This device" in page.text
    assert f'data-id="{device.id}"' in page.text
    assert device.secret not in page.text
    assert "Beside these: 1 device of yours" in xin.client.get("/admin/account/notices").text
    xin.post(f"/{device.id}", is_active="no")
    assert not xin.devices[0].is_active
    assert 'data-id=""' in xin.client.get(PAGE).text
    xin.post(f"/{device.id}", is_active="yes")
    assert xin.devices[0].is_active
    xin.post(f"/{device.id}/removal")
    assert xin.devices == []


def test_the_notices_page_offers_no_address_of_a_device(xin):
    xin.post(**GIVEN)
    text = xin.client.get("/admin/account/notices").text
    assert GIVEN["address"] not in text
    assert 'value="push"' not in text
    refused = xin.post(
        at="/admin/account/notices", path="/channels", kind="push", address="https://a.example"
    )
    assert refused.status_code == 422
    assert "switched on in its own browser" in refused.text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"address": "http://push.example/1"}, "no https:// address"),
        ({"address": "https://[fec0::1]/"}, "no address that a message can be sent to"),
        ({"address": "https://a@push.example/"}, "no https:// address"),
        ({"address": "https://push.example/" + "x" * 1_000}, "too long"),
        ({"address": ""}, "no https:// address"),
        ({"key": "AAAA"}, "did not say how to reach it"),
        ({"key": "?" * 88}, "did not say how to reach it"),
        ({"auth": "AAAA"}, "did not say how to reach it"),
    ],
)
def test_what_no_browser_gives_is_refused_in_words(xin, wrong, says):
    answer = xin.post(**GIVEN | wrong)
    check(answer)
    assert answer.status_code == 422
    assert says in answer.text
    assert xin.devices == []


def test_the_same_browser_twice_is_one_device_with_its_newest_keys(cast, xin):
    for auth in (GIVEN["auth"], "AAAAAAAAAAAAAAAAAAAAAA"):
        xin.post(**GIVEN | {"auth": auth})
    (device,) = xin.devices
    assert device.secret.endswith(".AAAAAAAAAAAAAAAAAAAAAA")
    changes = len(db.session.scalars(select(AuditEntry)).all())
    xin.post(**GIVEN | {"auth": "AAAAAAAAAAAAAAAAAAAAAA"})
    db.session.rollback()
    assert len(db.session.scalars(select(AuditEntry)).all()) == changes


def test_a_browser_tells_one_person(cast, xin):
    add_device(**DEVICE, actor=cast.omar, now=cast.clock())
    xin.post(**GIVEN)
    assert (len(devices_of(cast.omar.user_id)), len(xin.devices)) == (0, 1)
    entry = db.session.scalar(select(AuditEntry).filter_by(kind="channel.removed"))
    assert (entry.subject, entry.detail) == (
        "Chrome on Android of Omar Haddad",
        "Xin Zhao switched it on",
    )


def test_eleven_are_too_many(xin, cast):
    for number in range(own_notices.MOST_CHANNELS):
        given = DEVICE | {"address": f"https://push.example/{number}"}
        add_device(**given, actor=cast.xin, now=cast.clock())
    answer = xin.post(**GIVEN | {"address": "https://push.example/more"})
    assert answer.status_code == 422
    assert "At most 10 channels and devices" in answer.text


def test_sign_out_ends_the_messages_of_this_browser_and_of_no_other(cast, xin):
    xin.post(**GIVEN)
    add_device(**DEVICE | {"address": "https://push.example/desk"}, actor=cast.xin, now=cast.clock())
    cast.open()
    answer = xin.post(at="/logout")
    assert (answer.status_code, answer.location) == (303, "/")
    assert [one.address for one in xin.devices] == ["https://push.example/desk"]
    assert xin.client.get_cookie("majorops_device") is None
    kept = select(Delivery).filter_by(user_id=xin.id, state=DeliveryState.QUIET)
    assert {row.last_error for row in db.session.scalars(kept)} == {"Not sent: signed out there."}


def test_who_signs_out_of_a_browser_that_is_somebody_elses_device_ends_nothing(cast, xin):
    """The one session ended by itself, and another person signed in."""
    omar = add_device(**DEVICE, actor=cast.omar, now=cast.clock())
    xin.post(**GIVEN | {"address": "https://push.example/9"})
    device = xin.devices[0]
    device.user_id = cast.omar.user_id
    db.session.commit()
    xin.post(at="/logout")
    assert {one.id for one in devices_of(cast.omar.user_id)} == {omar.id, device.id}


@pytest.mark.parametrize("forged", ["x", "1.x", "IjEi.x"])
def test_a_forged_cookie_is_no_device(cast, xin, forged):
    add_device(**DEVICE, actor=cast.xin, now=cast.clock())
    xin.client.set_cookie("majorops_device", forged)
    assert "This device</span>" not in xin.client.get(PAGE).text
    xin.post(at="/logout")
    assert len(xin.devices) == 1


def test_somebody_elses_device_is_out_of_reach(cast, xin):
    device = add_device(**DEVICE, actor=cast.omar, now=cast.clock())
    for path in (f"/{device.id}", f"/{device.id}/removal", f"/{device.id}/test", "/999999999"):
        assert xin.post(path).status_code == 404
    assert len(devices_of(cast.omar.user_id)) == 1


def test_what_is_no_device_is_not_removed_as_one(cast):
    given = {"kind": ChannelKind.EMAIL, "address": "x@b.example"}
    channel = own_notices.add_own_channel(**given, actor=cast.xin, now=cast.clock())
    who = {"actor": cast.xin, "now": cast.clock()}
    for remove in (remove_left_device, remove_gone_device):
        remove(channel.id, **who)
        remove(999, **who)
    assert db.session.get(Channel, channel.id) is not None


def test_a_test_that_finds_the_device_gone_removes_it(cast, xin, monkeypatch):
    from majorops.notifications import NotSent, worker

    def send(message, settings):
        raise NotSent("push.example answered 410: the device is gone.", is_final=True, is_gone=True)

    monkeypatch.setitem(worker.SEND, ChannelKind.PUSH, send)
    xin.post(**GIVEN)
    answer = xin.post(f"/{xin.devices[0].id}/test")
    assert answer.status_code == 303
    assert "The test to Chrome on Android did not arrive." in xin.client.get(PAGE).text
    assert xin.devices == []


def test_an_admin_sees_whose_devices_fail_and_cannot_type_one(cast):
    add_device(**DEVICE, actor=cast.xin, now=cast.clock())
    ada = cast.browser("ada")
    listed = ada.get("/admin/data/channels/").text
    assert "xin@example.org" in listed
    assert 'value="push"' not in ada.get("/admin/data/channels/new/").text


def test_only_accounts_have_devices(cast):
    from majorops.domain.access import SYSTEM
    from majorops.domain.errors import Forbidden

    with pytest.raises(Forbidden):
        add_device(**DEVICE, actor=SYSTEM, now=cast.clock())
    assert db.session.scalar(select(User).limit(1)) is not None
