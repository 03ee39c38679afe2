// The public page between reloads: clocks and the badge by the server's time, and a light poll. Without
// it the page is whole too.
const EVERY = 20000,
  SLOWEST = 120000,
  SILENT = 60000,
  SOON = 300000;
const jitter = (ms) => ms * (0.7 + 0.6 * Math.random());
const asOf = () => document.querySelector(".asof time"),
  main = () => document.querySelector("main");
const hms = (ms) => `${new Date(ms).toISOString().slice(11, 19)} UTC`;
const said = document.getElementById("said"),
  says = (name, ...values) => said.dataset[name].replace("{0}", values[0]);
const fresh = (text) => {
  document.querySelector("[data-fresh]").textContent = text;
};
let start = Date.parse(asOf().dateTime),
  began = performance.now(),
  answered = began;
let drawn = main().innerHTML,
  failures = 0,
  timer;
const now = () => start + performance.now() - began;

// The badge turns at its second, in the words that the server would use.
function tick() {
  for (const badge of document.querySelectorAll(".cadence[data-cadence=due]")) {
    const time = badge.querySelector("time"),
      left = Date.parse(time.dateTime) - now();
    badge.classList.toggle("cadence--soon", left <= SOON);
    if (left > 0) {
      count(badge, left + 999, said.dataset.left);
      continue;
    }
    const note = badge.nextElementSibling,
      was = time.cloneNode(true);
    badge.dataset.cadence = "overdue";
    badge.classList.remove("cadence--soon");
    badge.querySelector("use").setAttribute("href", "#i-warn");
    badge.lastChild.replaceWith(says("overdue"));
    note.replaceChildren(`${says("was_due")} `, was);
    if (!document.title.startsWith(says("overdue")))
      document.title = `${says("overdue")} · ${document.title}`;
  }
  for (const badge of document.querySelectorAll(".cadence[data-cadence=overdue]")) {
    count(badge, now() - Date.parse(badge.nextElementSibling.querySelector("time").dateTime), "{0}");
  }
}
function count(badge, ms, words) {
  const seconds = Math.floor(ms / 1000),
    two = (n) => String(Math.floor(n)).padStart(2, "0");
  let mark = badge.querySelector("[data-left]");
  if (!mark) {
    mark = document.createElement("span");
    mark.dataset.left = "";
    badge.append(" ", mark);
  }
  const hours = seconds >= 3600 ? `${two(seconds / 3600)}:` : "";
  mark.textContent = words.replace("{0}", `${hours}${two((seconds / 60) % 60)}:${two(seconds % 60)}`);
}

// Times in the reader's own zone; UTC stays as the tooltip.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions(),
  { lang } = document.documentElement;
function localize() {
  if (!timeZone || /^(Etc\/)?(UTC|GMT|UCT|Zulu)$/.test(timeZone)) return;
  const today = new Date(now()).toDateString(),
    hour = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  for (const time of document.querySelectorAll("main time:not([title])")) {
    const at = new Date(time.dateTime),
      day = at.toDateString() === today ? {} : { day: "numeric", month: "short" };
    const zone = time.textContent.endsWith("UTC") ? { timeZoneName: "short" } : {};
    time.title = time.textContent;
    time.textContent = new Intl.DateTimeFormat(lang, { ...hour, ...day, ...zone }).format(at);
  }
  document.querySelector("[data-zone]").textContent = says("local", timeZone);
}
// The address may carry a place that the reader marked: how much is newer.
function mark() {
  const place = /^#e[a-z\d]+$/.test(location.hash) && document.querySelector(location.hash);
  const newer = place ? [...place.parentNode.children].indexOf(place) : 0;
  if (newer > 0) said.textContent = says("new", newer);
}

function show(page) {
  const next = page.querySelector("main.wrap");
  if (!next || !page.querySelector(".top")) return; // not ours: a proxy's page, a sign-in of a hotel
  const stamp = page.querySelector(".asof");
  if (stamp) document.querySelector(".asof").replaceWith(stamp);
  if (next.innerHTML === drawn) return;
  drawn = next.innerHTML;
  const focus = document.activeElement?.getAttribute("href"),
    open = [...main().querySelectorAll("details[open]")].map((e) => e.textContent);
  main().replaceWith(next);
  document.title = page.title;
  for (const part of ["[data-posture]", "#icon"]) {
    const [old, other] = [document, page].map((where) => where.querySelector(part));
    if (old && other) old.replaceWith(other);
  }
  for (const fold of next.querySelectorAll("details")) fold.open = open.includes(fold.textContent);
  if (focus) next.querySelector(`a[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  said.textContent = says("updated", hms(now()));
  localize();
  tick();
}
async function poll() {
  let wait = EVERY;
  try {
    const answer = await fetch(location.href, {
      cache: "no-cache",
      headers: { Accept: "text/html" },
      signal: AbortSignal.timeout(15000),
    });
    const { headers } = answer;
    wait = Math.min(SLOWEST, Math.max(wait, 1000 * (Number(headers.get("Retry-After")) || 0)));
    if (![200, 404].includes(answer.status) || !headers.get("Content-Type")?.startsWith("text/html"))
      throw new Error(answer.status);
    const stamp = Date.parse(headers.get("Date")) + 1000 * (Number(headers.get("Age")) || 0);
    if (stamp) [start, began] = [stamp, performance.now()];
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    [failures, answered] = [0, performance.now()];
  } catch {
    failures += 1;
    wait = Math.max(wait, Math.min(SLOWEST, 5000 * 2 ** failures));
  }
  // Also a copy that a proxy or a file gives out in place of a server that is down.
  const isOld = failures
    ? performance.now() - answered > SILENT
    : now() - Date.parse(asOf().dateTime) > SILENT;
  fresh(isOld ? says("silent", hms(Date.parse(asOf().dateTime))) : says("live"));
  plan(beforeDue(jitter(wait)));
}
// Shortly before a promise ends the page asks whether it was answered: nobody reads "overdue" that is
// not true.
function beforeDue(wait) {
  const badges = [...document.querySelectorAll(".cadence[data-cadence=due] time")];
  const asks = badges.map((time) => Date.parse(time.dateTime) - now() - 1000 - 5000 * Math.random());
  return Math.min(wait, ...asks.filter((ms) => ms > 0));
}
function plan(ms) {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(poll, ms);
}
document.addEventListener("visibilitychange", () => plan(0));
window.addEventListener("online", () => plan(0));
localize();
tick();
mark();
setInterval(tick, 1000);
const isSaved = location.protocol === "file:";
fresh(isSaved ? says("saved", hms(start)) : says("live"));
if (!isSaved) plan(Math.abs(Date.now() - start) > SILENT ? 0 : beforeDue(jitter(EVERY)));
