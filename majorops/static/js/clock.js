// Clocks: everything ticks by the server's time.
import { connection } from "./connection.js";
import { say } from "./say.js";
import { heardAt, serverNow } from "./time.js";

const two = (n) => String(n).padStart(2, "0");
function clock(ms, isShort) {
  const s = Math.floor(Math.abs(ms) / 1000),
    hours = Math.floor(s / 3600);
  const rest = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return isShort && !hours ? rest : `${two(hours)}:${rest}`;
}
function brief(ms) {
  // in a phone's tile
  const minutes = Math.floor(Math.abs(ms) / 60000),
    hours = Math.floor(minutes / 60);
  if (hours >= 100) return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
  return hours ? `${hours}h ${two(minutes % 60)}m` : clock(ms, true);
}
const put = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

// Spoken once each: a countdown's last five minutes, last minute, end.
const spoken = new Set();
function speak(element, left) {
  const what = element.dataset.speak;
  if (!what) return;
  for (const [limit, words] of [
    [0, "is over"],
    [60000, "in 01:00"],
    [300000, "in 05:00"],
  ]) {
    const key = `${what} ${element.dataset.until} ${limit}`;
    if (left <= limit && left > limit - 2000 && !spoken.has(key)) {
      spoken.add(key);
      say(limit ? `${what} ${words}` : what, !limit);
    }
  }
}

// Every age and countdown: data-since counts up, data-until down, in the words of data-format.
// (The minifier knows no template inside a template.)
const FORMATS = {
  short: (ms) => clock(ms, true),
  brief,
  words(ms) {
    const minutes = Math.floor(Math.max(ms, 0) / 60000),
      hours = Math.floor(minutes / 60);
    const days = Math.floor(hours / 24);
    if (minutes < 60) return `${minutes} min`;
    if (!days) return `${hours} h ${two(minutes % 60)} min`;
    return `${days + (days === 1 ? " day " : " days ") + (hours % 24)} h`;
  },
  ago: (ms) => {
    const seconds = `${Math.floor(Math.max(ms, 0) / 1000)} s`;
    return `${ms < 60000 ? seconds : FORMATS.words(ms)} ago`;
  },
};
const form = (e) => FORMATS[e.dataset.format] ?? clock;
// An answer may be lost, or overtaken: what should have turned and has not is asked for again.
const AGAIN = 3000;

function tick() {
  const now = serverNow(),
    due = new Set();
  let next = Infinity;
  for (const e of document.querySelectorAll("[data-clock]"))
    put(e, new Date(now).toISOString().slice(11, 19));
  for (const e of document.querySelectorAll("[data-since]")) {
    const passed = now - Date.parse(e.dataset.since);
    put(e, form(e)(passed));
    const tile = e.closest("[data-amber]");
    if (tile)
      tile.dataset.colour =
        passed >= tile.dataset.red * 1000 ? "red" : passed >= tile.dataset.amber * 1000 ? "amber" : "green";
  }
  for (const e of document.querySelectorAll("[data-until]")) {
    const left = Date.parse(e.dataset.until) - now;
    put(e, (left < 0 ? (e.dataset.over ?? "-") : "") + clock(left < 0 ? left : left + 999, true));
    speak(e, left);
  }
  // When the server would draw it otherwise than it was drawn.
  for (const e of document.querySelectorAll("[data-turns]")) {
    const turns = Date.parse(e.dataset.turns);
    if (now < turns) next = Math.min(next, turns - now);
    else if (!(now - e.dataset.asked < AGAIN)) {
      e.dataset.asked = now;
      due.add(e.dataset.refresh);
      next = Math.min(next, AGAIN);
    }
  }
  entitle(now);
  const regions = [...due].filter(Boolean).join(" ").split(" ").filter(Boolean);
  if (regions.length) document.dispatchEvent(new CustomEvent("regions:due", { detail: regions }));
  return next;
}
// The tab's title, and the colour of the page. A tab that nobody sees asks first whether the promise
// was answered.
function entitle(now) {
  const { title, severity, due } = document.getElementById("version")?.dataset ?? {};
  if (!title) return;
  const late = now - Date.parse(due);
  const isSure = !document.hidden || heardAt() >= Date.parse(due) || connection.isDown;
  const text = (late >= 0 && isSure ? `OVERDUE ${clock(late, true)} · ` : "") + title;
  if (document.title !== text) document.title = text;
  if (document.body.dataset.severity !== severity) document.body.dataset.severity = severity;
}
// Browsers let the timers of hidden tabs run once a minute, but not one that an answer has set.
let waking;
function wake() {
  clearTimeout(waking);
  const next = tick();
  if (next < Infinity) waking = setTimeout(tick, next + 20);
}
for (const name of ["htmx:after:request", "htmx:after:swap", "visibilitychange"]) {
  document.addEventListener(name, wake);
}
// All clocks are UTC; the viewer's own time is a tooltip.
document.addEventListener("pointerover", (event) => {
  const time = event.target.closest?.("time[datetime]");
  if (time && !time.dataset.local) {
    time.dataset.local = "yes";
    const utc = time.dateTime.slice(0, 19).replace("T", " ");
    time.title = `${new Date(time.dateTime).toLocaleString()} here, ${utc} UTC`;
  }
});

if (document.body.dataset.now) {
  setTimeout(wake);
  setInterval(tick, 1000);
} // not before the other scripts listen
