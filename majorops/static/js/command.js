// The phase command panel: arming Advance, the composer's clock and draft, the phone's sheets.
import { say } from "./say.js";
import { serverNow } from "./time.js";

// The second half of a double press lands on what the first one opened or armed: it is no answer.
// A mouse counts its clicks. Touch does not everywhere, and keys never do: there the time decides.
let pressed = -600;
function isSecond(event) {
  const isSoon = event.timeStamp - pressed < 600 && event.pointerType !== "mouse";
  pressed = event.timeStamp;
  return isSoon || event.detail > 1;
}
document.addEventListener(
  "click",
  (event) => {
    if (!event.target.closest(".advance :is(button, summary)") || !isSecond(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

// Advance: the first press arms, the second goes. Phases do not go back.
let disarm = () => {};
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.matches("[data-arm]") || form.dataset.armed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = form.querySelector("button"),
      before = button.textContent,
      note = form.querySelector("[data-arm-note]");
    const noteBefore = note?.innerHTML;
    form.dataset.armed = "yes";
    button.textContent = form.dataset.arm;
    if (note) note.innerHTML = 'Phases do not go back. <span class="by-keys">Esc cancels</span>';
    const timer = setTimeout(() => disarm(), 8000);
    disarm = () => {
      clearTimeout(timer);
      delete form.dataset.armed;
      button.textContent = before;
      if (note) note.innerHTML = noteBefore;
      disarm = () => {};
    };
  },
  true,
);
document.addEventListener("keydown", (event) => {
  // A dialog lies on top: the key is for it.
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const fold = event.target.closest("[data-form][open]") ?? document.querySelector(".advance__soft[open]");
  if (fold) return turn(fold);
  disarm();
  if (document.body.dataset.sheet) close();
});
// What opens a form puts the focus into its first field in the same moment: no key typed for it acts as
// a shortcut.
export const firstField = (place, kinds = "input, select, textarea") =>
  [...place.querySelectorAll(kinds)].find(
    (e) => !["hidden", "checkbox", "radio"].includes(e.type) && e.checkVisibility(),
  );
function turn(fold) {
  fold.open = !fold.open;
  ((fold.open && firstField(fold)) || fold.firstElementChild).focus();
}
let isPointed; // arrow keys walk through choices, and stay there
document.addEventListener(
  "keydown",
  ({ key }) => {
    isPointed = false;
    // After another key the next press is meant.
    if (!["Enter", " ", "Control", "Meta"].includes(key)) pressed = -600;
  },
  true,
);
document.addEventListener("click", (event) => {
  const fold = event.target.closest("summary")?.parentElement;
  if (fold?.matches("[data-form]")) {
    event.preventDefault();
    turn(fold);
  }
});
document.addEventListener("change", ({ target }) => {
  if (!isPointed) return;
  if (target.id === "log-kind") firstField(target.form, "input")?.focus();
  if (target.id === "next-set") document.getElementById("next-at").focus();
});

// What cannot be taken back asks once, in its own place.
document.addEventListener(
  "click",
  (event) => {
    const key = event.target.closest("[data-sure]"),
      { sure, asked } = key?.dataset ?? {};
    if (!key || (asked && event.detail < 2)) return; // the second half of a double click is no answer
    event.preventDefault();
    event.stopImmediatePropagation();
    if (asked) return;
    const before = key.innerHTML;
    Object.assign(key.dataset, { asked: "y" });
    key.textContent = sure;
    say(sure);
    setTimeout(() => {
      if (key.dataset.asked) {
        delete key.dataset.asked;
        key.innerHTML = before;
      }
    }, 8000);
  },
  true,
);

// An empty composer folds when it is left, but not under the press that leaves it: all above it moves.
document.addEventListener(
  "pointerdown",
  ({ target }) => {
    isPointed = true;
    const composer = document.getElementById("composer");
    if (!composer?.contains(document.activeElement) || composer.contains(target)) return;
    composer.dataset.held = "y";
    const release = () => setTimeout(() => delete composer.dataset.held, 50);
    for (const name of ["pointerup", "pointercancel"])
      document.addEventListener(name, release, { once: true });
  },
  true,
);

// A new phase starts at the top of its panel, unless somebody types there.
let phase = document.getElementById("panel")?.dataset.phase;
document.addEventListener("htmx:after:swap", () => {
  const panel = document.getElementById("panel"),
    body = panel?.parentElement,
    { activeElement } = document;
  if (!panel || panel.dataset.phase === phase) return;
  phase = panel.dataset.phase;
  if (!(body.contains(activeElement) && activeElement.matches("input, textarea, select")))
    body.scrollTop = body.parentElement.scrollTop = 0;
});
document.addEventListener("click", (event) => {
  const locked = event.target.closest("[aria-disabled=true]");
  if (locked) {
    event.preventDefault();
    say(locked.dataset.why ?? locked.title);
  }
});

// Enter with Ctrl or Cmd sends the form that has the focus.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
  const form = event.target.closest("form");
  if (!form) return;
  event.preventDefault();
  if (!form.closest(".advance") || !isSecond(event)) form.requestSubmit();
});

// Composer: what the promise comes to, and a draft that survives a crash.
const key = () => `draft ${location.pathname}`;
const text = () => document.querySelector("#composer [name=body]");
function promise() {
  const mark = document.querySelector("[data-eta]"),
    chosen = document.querySelector("#composer [name=next_update]:checked");
  if (!mark || !chosen) return;
  mark.textContent =
    chosen.value === "set"
      ? ""
      : `${new Date(serverNow() + chosen.value * 60000).toISOString().slice(11, 16)} UTC`;
}
document.addEventListener("input", (event) => {
  if (event.target === text()) localStorage.setItem(key(), event.target.value);
  if (event.target.closest("#composer form")) {
    keepChoices();
    promise();
  }
});
// With a kept text goes what its author chose for it: H promises what its text says, after a reload too.
const CHOICES = ["kind", "visibility", "next_update"];
function keepChoices() {
  const { form } = text();
  localStorage.setItem(`${key()} choices`, JSON.stringify(CHOICES.map((name) => form.elements[name]?.value)));
}
function putChoices() {
  const area = text(),
    kept = area?.value && localStorage.getItem(`${key()} choices`);
  if (!kept) return;
  JSON.parse(kept).forEach((value, i) => {
    const one = [...area.form.querySelectorAll(`[name=${CHOICES[i]}]`)].find((e) => e.value === value);
    if (one) one.checked = true;
  });
}
function wake() {
  const area = text(),
    kept = localStorage.getItem(key());
  if (area && kept) area.value = kept;
  putChoices();
  promise();
}
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  if (ctx.request.action.endsWith("/updates") && ctx.response.status < 400 && !text()?.value) {
    localStorage.removeItem(key());
    localStorage.removeItem(`${key()} choices`);
  }
  putChoices();
  document.querySelector("#promise-ask:not([data-seen]) button")?.focus();
  document.querySelector("#promise-ask")?.setAttribute("data-seen", "y");
  promise();
});
wake();
setInterval(promise, 10000);

// The phone's bottom sheets. Without script the keys are plain anchors.
function close() {
  const name = document.body.dataset.sheet;
  delete document.body.dataset.sheet;
  label();
  document.querySelector(`[data-opens="${name}"]`)?.focus();
}
function label() {
  const { dataset } = document.body,
    openers = [...document.querySelectorAll("[data-opens]")];
  const isOpen = (opener) => opener.dataset.opens === dataset.sheet;
  if (!openers.some(isOpen)) delete dataset.sheet; // at the close the composer's key goes
  for (const opener of openers) opener.setAttribute("aria-expanded", String(isOpen(opener)));
}
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (!opener) return;
  event.preventDefault();
  if (document.body.dataset.sheet === opener.dataset.opens) return close();
  document.body.dataset.sheet = opener.dataset.opens;
  label();
  document
    .querySelector(
      `#${opener.dataset.opens} :is(textarea, input:not([type=hidden]):not([type=radio]), button, summary)`,
    )
    ?.focus({ preventScroll: true });
});
document.addEventListener("htmx:after:swap", label);
