// Work made while the connection is down: field edits, notes and CAN wait here, seen, and go out in order
// when it is back.
// Publishing, advancing and making public never wait. Each act has a key, so that sent twice it is done once.
import { htmx } from "../vendor/htmx/htmx.min.js";
import { useToken } from "./answers.js";
import { closeEditor, openLocally } from "./edit.js";
import { isLost, connection } from "./connection.js";
import { say } from "./say.js";
import { serverNow } from "./time.js";
import { pageVersion } from "./version.js";
import { read, store } from "./waiting.js";

const root = document.querySelector("[data-changes]");
if (root) start();

function start() {
  const hms = (ms) => new Date(ms).toISOString().slice(11, 19);
  const mayWait = (form) =>
    form?.matches?.("[data-queue]") &&
    !form.querySelector("[name=public]:checked, [name=override], .field__conflict");
  const newKey = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
  function write(items) {
    localStorage.setItem(store, JSON.stringify(items));
    draw();
  }

  // The key goes with the first try already: an answer may be lost after the act was done. Other words,
  // another key.
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!mayWait(form)) return;
      let key = form.querySelector("[name=request_key]");
      const words = [...new FormData(form)].filter(([name]) => name !== "request_key").join("\n");
      if (!key) {
        key = Object.assign(document.createElement("input"), { type: "hidden", name: "request_key" });
        form.append(key);
      }
      if (form.dataset.words !== words) [key.value, form.dataset.words] = [newKey(), words];
    },
    true,
  );
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement: form, response } = event.detail.ctx;
    if (isLost(response)) unheard(event.detail.ctx);
    else if (form?.dataset) delete form.dataset.words;
  });
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx) unheard(event.detail.ctx);
  });
  function unheard({ sourceElement, request }) {
    if (sourceElement?.matches?.("[data-edit]")) openLocally(sourceElement);
    else if (request.method === "POST") unsent(sourceElement, request.body);
  }

  // What was sent waits, not what stands in the form by now.
  function unsent(form, body) {
    if (!form?.matches?.("form")) return;
    if (!mayWait(form) || body.has("public"))
      return document.dispatchEvent(new CustomEvent("unsent", { detail: form }));
    const values = Object.fromEntries(body);
    delete values.csrf_token;
    const field = form.closest(".field--editing"),
      items = read();
    const earlier = items.find((item) => field && item.field === field.id && !item.why);
    const item = {
      key: values.request_key,
      action: form.getAttribute("action"),
      values,
      made: serverNow(),
      field: field?.id,
      shown: shownText(form, values),
    };
    if (earlier) item.values.was = earlier.values.was; // the server still has what was there before both
    try {
      write([...items.filter((other) => other !== earlier && other.key !== item.key), item]);
    } catch {
      // no room in this browser: the text stays in its form
      return document.dispatchEvent(new CustomEvent("unsent", { detail: form }));
    }
    say(`Queued. ${item.shown}`);
    if (field) closeEditor(field);
    else if ([...new FormData(form)].every(([name, value]) => (values[name] ?? value) === value))
      form.reset();
    draw();
  }
  function shownText(form, values) {
    const choice = form.querySelector("select[name=value]");
    return choice ? choice.selectedOptions[0].textContent : (values.value ?? values.text);
  }

  // Sending, in order. What the server refuses is shown with its reason and stays until a person decides.
  let isSending = false;
  async function post(item, isSecond) {
    const token = document.querySelector("[name=csrf_token]")?.value;
    const body = new URLSearchParams({
      ...item.values,
      made_at: Math.round(item.made),
      person: root.dataset.person,
    });
    const headers = { "HX-Request": "true", "X-CSRFToken": token, "X-Version": String(pageVersion()) };
    const answer = await fetch(item.action, { method: "POST", body, headers });
    const renewed = answer.headers.get("X-CSRF-Token");
    if (renewed && !isSecond) {
      useToken(renewed);
      return post(item, true);
    }
    return answer;
  }
  async function send() {
    if (isSending) return;
    isSending = true;
    let sent = 0,
      isAgain = true;
    try {
      for (const item of read().filter((one) => !one.why)) {
        const answer = await post(item),
          html = await answer.text();
        if (isLost(answer) || answer.status >= 500) return sent;
        // Signed out: it waits until somebody signs in.
        if (answer.status === 400 || answer.status === 401) break;
        const items = read().filter((other) => other.key !== item.key);
        if (answer.status < 400) sent += 1;
        else if (!(item.field && showAnswer(item, html))) items.push({ ...item, why: reason(html) });
        write(items);
      }
      isAgain = false;
    } catch {
      // a browser whose network changes ends what is under way, and the connection is not down for that
    } finally {
      isSending = false;
      if (isAgain) setTimeout(() => connection.isDown || back(), 2000);
    }
    return sent;
  }
  // A conflict stands where the field is; both texts wait for a decision there.
  function showAnswer(item, html) {
    const field = document.getElementById(item.field),
      box = document.createElement("template");
    box.innerHTML = html;
    const editor = box.content.querySelector(`#${item.field}`);
    if (!field || !editor || field.matches(".field--editing")) return false;
    Object.assign(editor.dataset, { open: "yes", first: item.values.was });
    field.replaceWith(editor);
    htmx.process(editor);
    return true;
  }
  function reason(html) {
    const box = document.createElement("template");
    box.innerHTML = html;
    return box.content.querySelector("[role=alert]")?.textContent.trim() ?? "Not taken";
  }
  async function back(event) {
    const sent = await send(),
      fresh = pageVersion() - (event?.detail.entriesBefore ?? pageVersion());
    if (!event && !sent) return;
    const parts = [
      "Reconnected.",
      sent && `${sent} ${sent === 1 ? "edit" : "edits"} sent.`,
      fresh > 0 && `${fresh} new timeline ${fresh === 1 ? "entry" : "entries"}.`,
    ];
    say(parts.filter(Boolean).join(" "));
    draw();
  }
  document.addEventListener("connection:up", back);
  document.addEventListener("connection:well", () => {
    if (read().some((item) => !item.why)) back();
  }); // as after signing in again

  // A form that no script sends would lead to the browser's own page of errors, and away from what was typed.
  const NOT_SENT = "Nothing was sent: press again when the connection is back.";
  let isHeld = false;
  document.addEventListener("submit", (event) => {
    if (!connection.isDown || event.defaultPrevented) return;
    event.preventDefault();
    isHeld = true;
    say(NOT_SENT, true);
    draw();
  });
  document.addEventListener("connection:up", () => {
    isHeld = false;
  });

  // What is seen: the state of the connection, marks at the fields, notes in the timeline, the list of all.
  const bar = document.getElementById("connection");
  function draw() {
    const items = read(),
      mark = document.querySelector("[data-link]"),
      { isDown, isOffline, seconds } = connection;
    const waits = items.length ? `, ${items.length} QUEUED` : "";
    const text = !isDown
      ? `LIVE${waits}`
      : isOffline
        ? `OFFLINE${waits}`
        : `RECONNECTING ${seconds} S${waits}`;
    if (mark) {
      mark.dataset.link = !isDown ? "live" : isOffline ? "offline" : "reconnecting";
      if (mark.textContent !== text) mark.textContent = text;
    }
    drawBar(items);
    for (const item of items)
      if (item.field) drawField(item);
      else drawNote(item);
    for (const old of document.querySelectorAll("[data-queued]"))
      if (!items.some((item) => item.key === old.dataset.queued)) unmark(old);
  }
  function drawBar(items) {
    const { isDown, isOffline, seconds } = connection,
      [words, list] = bar.children,
      known = JSON.stringify(items);
    const count = items.length
      ? `${items.length} ${items.length === 1 ? "edit" : "edits"} queued on this device.`
      : "Clocks keep running.";
    const minutes = hms(seconds * 1000).slice(3);
    const state = isOffline
      ? `Offline ${minutes}. ${count}`
      : isDown && seconds >= 5
        ? `Reconnecting. Last state ${connection.lastState()} UTC. ${count}`
        : items.length
          ? count
          : "";
    words.textContent = isDown && isHeld ? `${NOT_SENT} ${state}` : state;
    bar.hidden = !words.textContent;
    list.hidden = !items.length;
    if (list.dataset.items === known) return;
    list.dataset.items = known;
    list.lastChild.replaceChildren(...items.map(queueRow));
  }
  function queueRow(item) {
    const row = document.createElement("p"),
      drop = document.createElement("button");
    const why = item.why ? `. ${item.why}` : "";
    row.textContent = `${hms(item.made)} ${item.shown}${why} `;
    Object.assign(drop, { type: "button", className: "button button--small", textContent: "Discard" });
    drop.dataset.sure = "Press again to discard";
    drop.addEventListener("click", () => write(read().filter((other) => other.key !== item.key)));
    row.append(drop);
    return row;
  }
  function drawField(item) {
    const field = document.getElementById(item.field);
    if (!field || field.dataset.queued === item.key || field.matches(".field--editing")) return;
    const note = document.createElement("div"),
      value = field.querySelector(".field__value");
    field.querySelector(".field__queued")?.remove();
    note.className = "field__queued";
    note.textContent = `□ Queued ${hms(item.made)}`;
    field.classList.add("field--queued");
    field.dataset.queued = item.key;
    if (value) value.textContent = item.shown;
    field.append(note);
  }
  function drawNote(item) {
    const list = document.querySelector(".timeline__list");
    if (!list || document.getElementById(`queued-${item.key}`)) return;
    const row = document.createElement("li");
    row.className = "timeline__row timeline__row--queued";
    row.id = `queued-${item.key}`;
    row.dataset.queued = item.key;
    for (const [name, text] of [
      ["at", hms(item.made)],
      ["type", "Queued"],
      ["text", item.shown],
    ]) {
      const cell = document.createElement("span");
      cell.className = `timeline__${name}`;
      cell.textContent = text;
      row.append(cell);
    }
    list.prepend(row);
  }
  function unmark(old) {
    if (old.matches("li")) return old.remove();
    old.classList.remove("field--queued");
    old.querySelector(".field__queued")?.remove();
    delete old.dataset.queued;
  }
  for (const name of ["htmx:after:swap", "connection:down", "connection:up"])
    document.addEventListener(name, draw);
  window.addEventListener("storage", (event) => {
    if (event.key === store) draw();
  });
  setInterval(draw, 1000);
  draw();
}
