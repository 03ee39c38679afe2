// The helpers: text as it is written, Stop, and a Post key that stays locked until a draft was read. They
// never post.
import { useToken } from "../answers.js";
import { say } from "../say.js";
import { pageVersion } from "../version.js";

const byId = (id) => document.getElementById(id),
  body = () => byId("composer-body");
const REGION = { update: "composer", brief: "execbrief", suggestion: "panel", review: "ai_draft" };
let before; // what was typed before a draft that is being discarded: the new composer gets it
const running = {}; // helper → what stops it, what was typed before, since when

document.addEventListener(
  "click",
  (event) => {
    const key = event.target.closest("[data-helper]"),
      stop = event.target.closest("[data-stop]"),
      back = event.target.closest("[data-put-back]");
    if (key) {
      event.preventDefault();
      event.stopImmediatePropagation();
      start(key.dataset.helper, key);
    }
    if (stop) running[stop.dataset.stop]?.stop.abort();
    if (event.target.closest("#update-discard"))
      before = document.querySelector(".draft__typed p")?.textContent ?? "";
    if (back) {
      type(back.previousElementSibling.textContent);
      body().focus();
    }
  },
  true,
);

async function start(name, key) {
  if (running[name]) return say("It is being written already.");
  const form = key.form,
    job = {
      stop: new AbortController(),
      typed: body()?.value,
      since: performance.now(),
      about: "",
      text: "",
    };
  running[name] = job;
  const tick = setInterval(() => draw(name), 250);
  if (name === "suggestion") byId(`working-${name}`)?.closest("details")?.setAttribute("open", "");
  draw(name);
  lock();
  try {
    const why = await read(name, job, await ask(form, key, job));
    if (!why) await done(name, job);
    delete running[name];
    tell(name, why ?? "");
  } catch {
    delete running[name];
    if (name === "update") type(job.typed);
    const isOurs = job.stop.signal.aborted;
    tell(name, isOurs ? "" : "Offline. Nothing was drafted. Text kept.");
    if (isOurs) say("Stopped. Your text is back.");
  } finally {
    clearInterval(tick);
    draw(name);
    lock();
  }
}

async function ask(form, key, job, isSecond) {
  const action = key.getAttribute("formaction") ?? form.getAttribute("action"),
    headers = { Accept: "application/x-ndjson", "HX-Request": "true", "X-Version": String(pageVersion()) };
  const answer = await fetch(action, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers,
    signal: job.stop.signal,
  });
  const token = answer.headers.get("X-CSRF-Token");
  if (token && !isSecond) {
    useToken(token);
    return ask(form, key, job, true);
  }
  return answer;
}
// Each line is one object: what is read, the text so far, the end. Returns why there is none.
async function read(name, job, answer) {
  if (!answer.headers.get("Content-Type")?.includes("ndjson")) {
    const box = document.createElement("template");
    box.innerHTML = await answer.text();
    return (
      [...box.content.querySelectorAll("[role=alert]")]
        .map((line) => line.textContent.trim())
        .find(Boolean) ?? "Nothing was drafted."
    );
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done: isEnd } = await reader.read();
    if (isEnd) break;
    const rows = (rest + value).split("\n");
    rest = rows.pop();
    for (const row of rows.filter(Boolean)) Object.assign(job, JSON.parse(row));
    draw(name);
  }
  if (!job.done) throw new Error("half an answer");
}
async function done(name, job) {
  if (name === "update") type(job.text);
  document.dispatchEvent(new CustomEvent("regions:due", { detail: [REGION[name]] }));
  await new Promise((drawn) => {
    // nobody types into what is about to be drawn
    const look = ({ detail }) => {
      if (!detail.ctx.request.action.includes(`region=${REGION[name]}`)) return;
      document.removeEventListener("htmx:after:swap", look);
      drawn();
    };
    document.addEventListener("htmx:after:swap", look);
    setTimeout(drawn, 3000);
  });
  const { activeElement: here } = document;
  if (name === "brief" && (here === document.body || here.dataset.helper)) byId("execbrief-text")?.focus();
  say(`${name === "suggestion" ? "AI suggestion" : "AI draft"} is there, not reviewed. ${job.note}`);
}

// Regions may be drawn again at any time: places are looked up each time.
function draw(name) {
  const job = running[name],
    place = byId(`working-${name}`);
  if (!place) return;
  place.hidden = !job;
  if (name === "update") body().readOnly = Boolean(job);
  if (!job) return;
  tell(name, "");
  place.querySelector("[data-seconds]").textContent = Math.floor((performance.now() - job.since) / 1000);
  const text = name === "update" ? "" : job.text;
  place.querySelector("[data-about]").textContent = text || job.about;
  if (name === "update" && job.text && body().value !== job.text) body().value = job.text;
  if (name === "update") carry(job.draft);
}
// The form says which draft lies in it, from the first word on.
function carry(id) {
  const form = body().form,
    field = form.elements.draft ?? document.createElement("input");
  if (!id) return;
  Object.assign(field, { type: "hidden", name: "draft", value: id });
  if (!field.form) form.append(field);
}
function tell(name, why) {
  const place = byId(`problem-${name}`);
  if (place && place.textContent !== why) place.textContent = why;
  if (place) place.hidden = !why;
}
function type(text) {
  if (body()) body().value = text ?? "";
  localStorage.setItem(`draft ${location.pathname}`, text ?? "");
}

// Post is locked from the press until the draft was edited or somebody says that they read it. The
// server says the same.
const words = (text) => text.split(/\s+/).join(" ").trim();
const WAIT = "The AI draft is still being written. Wait for it or stop it, then read it.";
function lock() {
  const draft = byId("draft"),
    post = byId("composer-post"),
    isRunning = Boolean(running.update);
  if (!post) return;
  const isEdited = draft && words(body().value) !== words(draft.dataset.text);
  const isRead = byId("reviewed")?.checked,
    isLocked = isRunning || Boolean(draft && !isEdited && !isRead);
  post.classList.toggle("button--locked", isLocked);
  if (isLocked) {
    post.dataset.why = isRunning ? WAIT : "Edit the draft, or mark it reviewed.";
    post.setAttribute("aria-disabled", "true");
    post.setAttribute("aria-describedby", isRunning ? "working-update" : "draft-say");
  } else for (const name of ["aria-disabled", "aria-describedby"]) post.removeAttribute(name);
  const tag = draft?.querySelector("[data-draft-tag]"),
    hint = draft?.querySelector("[data-draft-say]");
  if (tag) tag.lastChild.textContent = isEdited ? " Edited" : isRead ? " Reviewed" : " Not reviewed";
  if (hint)
    hint.textContent = isLocked
      ? "Edit it, or mark it reviewed. Post stays locked until then."
      : "It goes out when you post it.";
}
// What is to be checked follows the text: a mark goes with its words.
function recount() {
  for (const box of document.querySelectorAll("form .draft__marks")) {
    const field = box.closest("form").querySelector("textarea"),
      shown = {};
    if (!field) continue; // of a review: it is edited once it is taken
    const text = field.value;
    for (const line of box.querySelectorAll("li")) {
      const mark = line.querySelector("mark").textContent;
      const exact = mark.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
      const there = text.match(new RegExp(`(?<!\\w)${exact}(?!\\w)`, "g"))?.length ?? 0;
      line.hidden = (shown[mark] ?? 0) >= there;
      if (!line.hidden) shown[mark] = (shown[mark] ?? 0) + 1;
    }
    const count = box.querySelectorAll("li:not([hidden])").length;
    box.querySelector("[data-count]").textContent = count;
    box.hidden = !count;
  }
}
// Enter, Ctrl Enter and a script's requestSubmit pass the key by: they ask it all the same.
document.addEventListener(
  "submit",
  (event) => {
    const post = byId("composer-post"),
      key = event.submitter ?? post;
    if (!post || event.target !== post.form || key !== post || !post.hasAttribute("aria-disabled")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say(post.dataset.why);
  },
  true,
);
for (const name of ["input", "change", "htmx:after:swap"]) {
  document.addEventListener(name, () => {
    lock();
    recount();
  });
}
document.addEventListener("htmx:after:swap", () => {
  Object.keys(running).forEach(draw);
  if (before === undefined || byId("draft")) return;
  type(before);
  before = undefined;
});
lock();
