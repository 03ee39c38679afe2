"""The installed application: what the browser takes of it, what it keeps, and what it shows offline."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.notifications.push_service import DEVICE
from tests.server import Person

# A browser whose push service is there: the machine of a test reaches none.
SUBSCRIBED = """
  const raw = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")),
    (one) => one.charCodeAt(0)).buffer;
  let mine = null;
  globalThis.asked = 0;
  Object.defineProperty(Notification, "permission", { get: () => "default" });
  Notification.requestPermission = async () => { asked += 1; return "granted"; };
  PushManager.prototype.getSubscription = async () => mine;
  PushManager.prototype.subscribe = async (wanted) => (mine = {
    endpoint: "%(address)s", options: { applicationServerKey: wanted.applicationServerKey?.buffer },
    getKey: (name) => raw(name === "auth" ? "%(auth)s" : "%(key)s"),
    unsubscribe: async () => { mine = null; await ended("unsubscribed"); return true; } });
  globalThis.same = {};
"""
# The worker's handlers, called with what a browser gives them.
PUSHED = """async ([script, told]) => {
  const handlers = {}, found = { opened: null };
  let windows = [], done;
  const self = {
    location: { origin: "https://ops.example" },
    addEventListener: (name, act) => (handlers[name] = act),
    registration: { showNotification: async (title, more) => (found.now = [title, more]) },
    clients: { matchAll: async () => windows, openWindow: async (href) => (found.opened = href) },
  };
  new Function("self", "caches", script)(self, {});
  const call = async (name, event) => {
    handlers[name]({ ...event, waitUntil: (wait) => (done = wait) });
    await done;
  };
  const brief = ([title, more]) => [title, more.body ?? null, more.tag ?? null, more.renotify];
  await call("push", { data: { json: () => told } });
  const shown = brief(found.now), { data } = found.now[1];
  await call("push", { data: { json: () => JSON.parse("no") } });
  const broken = brief(found.now);
  const press = (to) => call("notificationclick", { notification: { close() {}, data: to } });
  await press(data);
  const opened = found.opened, focused = [];
  const front = { postMessage: (told) => focused.push(told) };
  const focus = async () => (focused.push("/admin/incidents/1"), front);
  windows = [{ url: "https://ops.example/admin/incidents/1?x=1", focus }];
  await press(data);
  found.opened = null;
  await press({ path: "https://evil.example/" });
  return { shown, broken, opened, focused, elsewhere: found.opened };
}"""
ACTIVE = "navigator.serviceWorker.ready.then((worker) => worker.active.scriptURL)"
KEPT = """(async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
  return found;
})()"""


@pytest.fixture
def path(server):
    return Person(server).open()


def controlled(page) -> None:
    """Wait until the worker has this page."""
    page.evaluate(ACTIVE)
    page.wait_for_function("navigator.serviceWorker.controller")


def test_it_can_be_installed_and_keeps_nothing_of_an_incident(open_page, path, server):
    page = open_page("maya", service_workers="allow")
    page.goto("/admin/incidents")
    cdp = page.context.new_cdp_session(page)
    manifest = cdp.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert json.loads(manifest["data"])["start_url"] == "/admin/start"
    controlled(page)
    assert cdp.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    page.goto(path)
    page.goto("/admin/account")
    kept = page.evaluate(KEPT)
    assert "/offline" in kept
    assert {name for name in kept if not name.startswith(("/assets/", "/static/"))} == {"/offline"}
    server.stop()
    page.goto(path)
    expect(page.get_by_role("heading", name="No connection to MajorOps")).to_be_visible()
    assert page.url.endswith(path)
    assert page.evaluate("document.fonts.ready.then((fonts) => fonts.size)") > 0
    assert "payments" not in page.content()
    server.start()
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("#panel")).to_be_visible()


def test_a_device_is_switched_on_by_a_press_and_ends_with_sign_out(open_page, server):
    page = open_page("maya", size="phone", service_workers="allow")
    page.add_init_script(SUBSCRIBED % DEVICE)
    page.goto("/admin/account/devices")
    said, ended = page.locator("[data-said]"), []
    page.expose_function("ended", lambda what: ended.append(what))  # noqa: PLW0108 (Playwright looks into it)
    expect(said).to_have_text("Off on this device.")
    assert page.evaluate("asked") == 0
    page.get_by_role("button", name="Switch on for this device").click()
    expect(page.locator("main")).to_contain_text("Switched on. Send a test")
    expect(page.locator("#device1, .ways .way").first).to_contain_text("Chrome on Linux This device")
    expect(said).to_have_text("This browser does not take messages any more. Switch it on again.")
    page.evaluate("navigator.serviceWorker.ready.then((one) => one.pushManager.subscribe(same))")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{server.url}/")
    assert ended == ["unsubscribed"]
    assert "majorops_device" not in {cookie["name"] for cookie in page.context.cookies()}


def test_what_is_pushed_is_shown_and_leads_to_its_place(chromium, app):
    """The worker's own handlers: a browser without windows shows no notification."""
    page = chromium.new_page()
    script = app.test_client().get("/worker.js").text
    told = {"title": "INC-001 Critical, Box 3", "path": "/admin/incidents/1#composer", "tag": "t"}
    assert page.evaluate(PUSHED, [script, told]) == {
        "shown": [told["title"], None, "t", True],
        "broken": ["MajorOps", None, None, False],
        "opened": "https://ops.example/admin/incidents/1#composer",
        "focused": ["/admin/incidents/1", {"place": "#composer"}],
        "elsewhere": None,
    }
    page.close()


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("delete window.PushManager", "does not support push messages"),
        (
            "delete window.PushManager;"
            "Object.defineProperty(navigator, 'userAgent', { get: () => 'iPhone' })",
            "Add to Home Screen",
        ),
        (
            "Object.defineProperty(Notification, 'permission', { get: () => 'denied' })",
            "refuses notifications",
        ),
    ],
)
def test_why_it_cannot_be_switched_on_is_said(open_page, script, says):
    page = open_page("maya", size="phone", service_workers="allow")
    page.add_init_script(script)
    page.goto("/admin/account/devices")
    expect(page.locator("[data-said]")).to_contain_text(says)
    expect(page.get_by_role("button", name="Switch on for this device")).to_be_hidden()
