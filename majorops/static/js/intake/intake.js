// The intake form: chips, systems taken from the title, keys for severity, and a draft that survives
// everything.
document.documentElement.classList.add("js");
const form = document.querySelector("[data-intake]"),
  title = form.elements.title,
  store = "intake";
const known = [...document.querySelectorAll("#catalogue option")].map((o) => o.value);
const began = form.querySelector("[data-began]");
const start = Date.parse(began.parentElement.dateTime),
  loaded = performance.now();

// Chips: the plain field keeps the value, chips show it.
const field = form.elements.affected_systems,
  box = field.parentElement;
const entry = field.cloneNode();
for (const name of ["name", "value"]) entry.removeAttribute(name);
entry.value = "";
entry.placeholder = "Add system";
entry.className = "chips__input";
field.type = "hidden";
field.removeAttribute("id");
const chips = document.createElement("div");
chips.className = "chips";
chips.append(entry);
box.append(chips);
let touched = Boolean(field.value);
let asked = field.value,
  asking;
// What the public would read follows the systems; only the server knows its words.
function follow() {
  if (field.value === asked) return;
  asked = field.value;
  clearTimeout(asking);
  asking = setTimeout(async () => {
    const systems = asked;
    try {
      const answer = await fetch(`${form.action}?${new URLSearchParams({ systems })}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const lines = page.querySelectorAll('.intake__sees[data-choice="yes"]');
      if (systems !== asked) return;
      for (const [i, line] of form.querySelectorAll('.intake__sees[data-choice="yes"]').entries())
        if (lines[i]) line.replaceChildren(...lines[i].childNodes);
    } catch {
      asked = undefined; // the next change asks again
    }
  }, 300);
}
const names = () =>
  field.value
    .split(",")
    .map((n) => n.trim())
    .filter(Boolean);
function set(list) {
  field.value = [...new Set(list)].join(", ");
  for (const chip of chips.querySelectorAll(".chip")) chip.remove();
  for (const name of names()) {
    const chip = document.createElement("span"),
      out = document.createElement("button");
    chip.className = "chip";
    out.type = "button";
    out.className = "chip__remove";
    out.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#i-close"/></svg>';
    out.setAttribute("aria-label", `Remove ${name}`);
    out.addEventListener("click", () => {
      touched = true;
      set(names().filter((n) => n !== name));
      entry.focus();
      keep();
    });
    chip.append(name, out);
    entry.before(chip);
  }
  follow();
}
function take() {
  const typed = entry.value
    .split(",")
    .map((n) => n.trim().toLowerCase())
    .filter(Boolean);
  if (typed.length) {
    touched = true;
    entry.value = "";
    set([...names(), ...typed]);
    keep();
  }
}
entry.addEventListener("change", take);
entry.addEventListener("input", () => {
  if (entry.value.includes(",") || known.includes(entry.value)) take();
});
entry.addEventListener("keydown", (event) => {
  if (event.key === "Backspace" && !entry.value && names().length) {
    touched = true;
    set(names().slice(0, -1));
    keep();
  }
});
function fromTitle() {
  if (touched) return;
  let rest = title.value.toLowerCase();
  set(
    [...known]
      .sort((a, b) => b.length - a.length)
      .filter((name) => {
        const at = rest.search(
          new RegExp(`(?<![a-z0-9])${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![a-z0-9])`),
        );
        if (at >= 0) rest = `${rest.slice(0, at)} ${rest.slice(at + name.length)}`;
        return at >= 0;
      }),
  );
}
title.addEventListener("input", fromTitle);

// Earlier incidents like the one that is typed: asked for beside, the form never waits for them.
let likened = "",
  likening;
function liken() {
  const { value: systems } = field;
  const query = String(new URLSearchParams({ title: title.value, affected_systems: systems }));
  if (query === likened) return;
  likened = query;
  clearTimeout(likening);
  likening = setTimeout(async () => {
    try {
      const answer = await fetch(`${form.action}/similar?${query}`);
      if (!answer.ok || query !== likened) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = document.getElementById("intake-similar"),
        then = page.getElementById("intake-similar");
      const isOpen = now.querySelector("details[open]");
      now.replaceChildren(...then.childNodes);
      if (isOpen) now.querySelector("details")?.setAttribute("open", "");
    } catch {
      likened = ""; // the next letter asks again
    }
  }, 250);
}
form.addEventListener("input", liken);
form.addEventListener("click", liken);

// 3 2 1 0 pick the severity while its keys have the focus.
form.addEventListener("keydown", (event) => {
  if (event.target.name === "severity" && "0123".includes(event.key)) {
    const key = form.querySelector(`[data-key="${event.key}"]`);
    key.checked = true;
    key.focus();
    key.dispatchEvent(new Event("change", { bubbles: true }));
  }
  if (event.key === "Enter" && event.target.matches("input")) {
    event.preventDefault();
    take();
    form.requestSubmit();
  }
});

function clock() {
  const back = Number(form.elements.began.value);
  if (!Number.isNaN(back))
    began.textContent = new Date(start + performance.now() - loaded - back * 60000)
      .toISOString()
      .slice(11, 16);
}
setInterval(clock, 1000);

// The draft: kept with each change, put back after an error, a sign-in or a lost connection.
const publics = ["critical", "high", "medium", "low"].map((severity) => `public_${severity}`);
const plain = ["title", "severity", "affected_systems", "bridge_url", "began", "began_at", ...publics];
function keep() {
  sessionStorage.setItem(
    store,
    JSON.stringify(Object.fromEntries(plain.map((n) => [n, form.elements[n].value]))),
  );
}
form.addEventListener("input", () => {
  keep();
  clock();
});
form.addEventListener("change", () => {
  keep();
  clock();
});
const draft = JSON.parse(sessionStorage.getItem(store) ?? "null");
if (draft && !location.search && !title.value)
  for (const name of plain) form.elements[name].value = draft[name] ?? form.elements[name].value;
touched = Boolean(field.value);
set(names());
clock();
if (title.value) liken();
(form.querySelector("[aria-invalid=true]") ?? title).focus();

// Sending: the text stays on the page until the incident is open.
const problem = document.getElementById("intake-problem");
function tell(text) {
  const line = document.createElement("p");
  line.className = "form__summary";
  line.setAttribute("role", "alert");
  line.textContent = text;
  problem.replaceChildren(line);
}
let sending = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sending) return;
  take();
  sending = true;
  const data = new URLSearchParams(new FormData(form, event.submitter?.name ? event.submitter : undefined));
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: data,
      headers: { "HX-Request": "true" },
      redirect: "manual",
    });
    const to = answer.headers.get("HX-Redirect");
    if (to) {
      sessionStorage.removeItem(store);
      location.assign(to);
      return;
    }
    if (answer.status === 401 || answer.status === 400) {
      form.submit();
      return;
    } // the server keeps the text through the sign-in
    if (answer.status === 409 || answer.status === 422) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      problem.replaceChildren(...page.getElementById("intake-problem").childNodes);
      form.querySelector(".intake__foot button").replaceWith(page.querySelector(".intake__foot button"));
      for (const old of form.querySelectorAll(".form__error")) old.remove();
      for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
      for (const error of page.querySelectorAll(".form__error")) {
        const name = error.id.replace("-error", ""),
          at = name === "affected_systems" ? entry : form.elements[name];
        (at.closest?.(".form__field, .intake__began") ?? form.querySelector(".severities")).append(error);
        at.setAttribute?.("aria-invalid", "true");
        at.setAttribute?.("aria-describedby", error.id);
      }
      (form.querySelector("[aria-invalid=true]") ?? problem.querySelector("a"))?.focus();
    } else tell(`Not opened. Server error ${answer.status}. Text kept. Press Open incident again.`);
  } catch {
    tell("Offline. Not opened. Text kept. Press Open incident again.");
  } finally {
    sending = false;
  }
});
