// The connection to the server: hears that something changed and fetches it; says when it is down; catches
// up by itself.
// Native EventSource rather than htmx's: each new stream needs a fresh ticket, and the state of the
// connection is shown.
import { htmx } from "../vendor/htmx/htmx.min.js";
import { goDown, goUp, isLost } from "./connection.js";
import { serverNow } from "./time.js";
import { pageVersion } from "./version.js";

document.documentElement.classList.add("js");
const root = document.querySelector("[data-changes]");
document.addEventListener("htmx:config:request", (event) => {
  const { headers } = event.detail.ctx.request,
    field = document.querySelector(".field--editing");
  headers["X-Version"] = String(pageVersion());
  if (field) headers["X-Editing"] = field.dataset.field;
});
if (root) start();

function start() {
  const POLL = 4000,
    SAFETY = 60000,
    HIDDEN = 20000,
    SILENCE = 20000,
    SLOWEST = 5000,
    AWAY = 300000;
  const jitter = (ms) => ms * (0.7 + 0.6 * Math.random());
  let { ticket } = root.dataset;
  let source = null,
    isStreaming = false,
    isConnected = true,
    lastBeat = 0,
    streamAfter = 0,
    streamPause = 1000;
  let tries = 0,
    timer,
    hiddenAt = 0,
    entriesBefore = 0;

  function up() {
    if (goUp()) document.dispatchEvent(new CustomEvent("connection:up", { detail: { entriesBefore } }));
  }
  function down() {
    if (!goDown()) return;
    entriesBefore = pageVersion();
    document.dispatchEvent(new CustomEvent("connection:down"));
    plan(jitter(300)); // an open stream alone would ask in a minute
  }
  document.addEventListener("htmx:after:request", (event) => {
    const { request, response } = event.detail.ctx;
    if (isLost(response)) {
      event.preventDefault();
      return down();
    }
    up();
    if (!request.action.startsWith(root.dataset.changes)) return;
    asked = response.status;
    ticket = response.headers.get("X-Ticket") ?? ticket;
  });
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx) down();
  });

  // Asking: one request at a time; what goes stale meanwhile is asked for right after it. `wanted` holds
  // what has no version: `region=…` by name, `signal=…` as the stream says it.
  const wanted = new Set();
  let asking = null,
    isMore = false,
    asked = 0,
    asks = [];
  async function askOnce() {
    const address = new URL(root.dataset.changes, location);
    asks = [...wanted];
    for (const one of asks) address.searchParams.append(...one.split("="));
    wanted.clear();
    asked = 0;
    // From an element of its own: requests of one element wait for each other.
    await htmx.ajax("GET", address.pathname + address.search, {
      swap: "none",
      target: "#problem",
      source: "#said",
    });
    if (asked > 0 && asked < 400) document.dispatchEvent(new CustomEvent("connection:well"));
    else for (const one of asks) wanted.add(one); // not answered: asked for again
    return asked > 0 && asked < 500;
  }
  function ask(...more) {
    for (const one of more) wanted.add(one);
    if (asking) {
      isMore = true;
      return asking;
    }
    asking = (async () => {
      let isWell;
      do {
        isMore = false;
        isWell = await askOnce();
      } while (isWell && isMore);
      return isWell;
    })().finally(() => {
      asking = null;
    });
    return asking;
  }
  function plan(ms) {
    clearTimeout(timer);
    timer = setTimeout(beat, ms);
  }
  async function beat() {
    const isWell = await ask();
    tries = isWell ? 0 : tries + 1;
    if (isWell) {
      listen();
      if (!document.hidden) remember();
    }
    if (asked === 401) return plan(15000);
    // A hidden tab shows its title only: that asks more often while it says that something is overdue.
    const hidden = document.title.startsWith("OVERDUE") ? POLL : HIDDEN;
    const quiet = document.hidden ? hidden : isStreaming && isConnected ? SAFETY : POLL;
    plan(jitter(isWell ? quiet : Math.min(SLOWEST, 300 * 2 ** tries)));
  }

  // The stream.
  function listen() {
    if (source || document.hidden || !ticket || performance.now() < streamAfter) return;
    source = new EventSource(`${root.dataset.stream}?ticket=${encodeURIComponent(ticket)}`);
    const on = (name, act) =>
      source.addEventListener(name, (event) => {
        lastBeat = performance.now();
        act?.(event.data);
      });
    on("beat");
    on("connection", (state) => {
      isConnected = state === "up";
      plan(jitter(isConnected ? 300 : POLL));
    });
    on("bye", () => lost(300));
    on("stale", (text) => onStale(JSON.parse(text)));
    source.onopen = () => {
      [isStreaming, lastBeat, streamPause] = [true, performance.now(), 1000];
      ask("signal=people"); // what happened before it opened was said to nobody
      plan(jitter(SAFETY));
    };
    source.onerror = () => {
      streamAfter = performance.now() + jitter(streamPause);
      streamPause = Math.min(60000, streamPause * 2);
      lost(200);
    };
  }
  // Our own change is heard before its answer is here: the answer brings the regions, and the note that
  // it is saved.
  let posting = 0,
    later = [];
  function onStale(change) {
    if (posting) return later.push(change);
    const { version, signals, spread } = change;
    if (version && version <= pageVersion() && !signals?.length) return;
    setTimeout(ask, Math.random() * spread, ...(signals ?? []).map((name) => `signal=${name}`));
  }
  const isPost = (event) => event.detail.ctx?.request.method === "POST";
  document.addEventListener("htmx:before:request", (event) => {
    if (isPost(event)) posting += 1;
  });
  document.addEventListener("htmx:finally:request", (event) => {
    if (!isPost(event)) return;
    posting = Math.max(0, posting - 1);
    if (!posting) later.splice(0).forEach(onStale);
  });
  // An answer that was overtaken by a newer one would put back what was.
  document.addEventListener("htmx:before:swap", (event) => {
    const { request, response } = event.detail.ctx,
      drawn = Number(response?.headers.get("X-Version") ?? Infinity);
    if (drawn >= pageVersion()) return;
    if (request.method !== "GET") return setTimeout(ask);
    event.preventDefault();
    // What has no version is drawn by nobody else: once more.
    if (request.action.startsWith(root.dataset.changes)) {
      for (const one of asks) wanted.add(one);
      isMore = asks.length > 0;
    }
  });

  function lost(pause) {
    source?.close();
    [source, isStreaming, isConnected] = [null, false, true];
    if (pause) plan(jitter(pause));
  }

  document.addEventListener("regions:due", (event) =>
    setTimeout(() => ask(...event.detail.map((name) => `region=${name}`)), 50),
  );
  window.addEventListener("online", () => plan(0));
  window.addEventListener("offline", down);
  // A hidden tab holds no stream: browsers give one host about six connections.
  function remember() {
    if (!pageVersion()) return;
    const looked = `${pageVersion()}.${Math.floor(serverNow() / 1000)}`;
    document.cookie = `looked=${looked}; path=${location.pathname}; max-age=604800; samesite=lax`;
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      remember();
      hiddenAt = performance.now();
      return lost(POLL);
    }
    if (performance.now() - hiddenAt >= AWAY) ask("region=since");
    plan(0);
  });
  window.addEventListener("pagehide", remember);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      lost();
      plan(0);
    }
  });
  setInterval(() => {
    if (isStreaming && performance.now() - lastBeat > SILENCE) lost(1);
  }, 1000);
  document.addEventListener("click", (event) => {
    const seen = event.target.closest("[data-dismiss]");
    if (seen) {
      event.preventDefault();
      seen.parentElement.remove();
      document.getElementById("timeline")?.focus({ preventScroll: true });
    }
  });
  if (ticket) listen();
  plan(ticket ? 2000 : POLL);
}
