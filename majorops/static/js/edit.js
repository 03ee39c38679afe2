// Click-to-edit. The server draws the editor and answers a save; here are only the keys and the moments.
// While the connection is down the editor comes from a copy that was fetched when it was up, and a save waits
// (queue.js).
import { htmx } from "../vendor/htmx/htmx.min.js";
import { connection } from "./connection.js";
import { say } from "./say.js";
import { queuedFor } from "./waiting.js";

const rests = new Map(); // field id → its markup at rest, for Escape
const editing = () => document.querySelector(".field--editing");
const box = (field) => field.querySelector("[name=value]:checked") ?? field.querySelector("[name=value]");
// A choice made with the arrows waits for Enter, or for leaving; one that was pressed is saved at once.
let byKey = false;
document.addEventListener(
  "pointerdown",
  () => {
    byKey = false;
  },
  true,
);
document.addEventListener(
  "keydown",
  ({ target }) => {
    byKey = Boolean(target.closest?.(".field--editing"));
  },
  true,
);

document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest("[data-edit]");
    if (!link) return;
    const field = link.closest(".field");
    rests.set(field.id, field.outerHTML);
    if (connection.isDown && openLocally(link)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  },
  true,
);

const copies = document.createElement("template"),
  root = document.querySelector("[data-editors]");
if (root)
  setTimeout(async () => {
    try {
      copies.innerHTML = await (
        await fetch(root.dataset.editors, { headers: { "HX-Request": "true" } })
      ).text();
    } catch {
      /* the connection is down already */
    }
  }, 1500);
export function openLocally(link) {
  const field = link.closest(".field"),
    copy = copies.content.getElementById(field.id)?.cloneNode(true);
  if (!copy) return false;
  const was = field.dataset.was,
    about = copy.querySelector("[name=approximate]"),
    waits = queuedFor(field.id);
  if (about) about.checked = waits ? "approximate" in waits : was.startsWith("approximately");
  const value = waits?.value ?? (about ? was.replace("approximately ", "") : was);
  const key = copy.querySelector(`[type=radio][value="${CSS.escape(value)}"]`);
  if (key) key.checked = true;
  else box(copy).value = value;
  copy.querySelector("[name=was]").value = was;
  copy.querySelector("[name=csrf_token]").value = document.querySelector("[name=csrf_token]").value;
  field.replaceWith(copy);
  htmx.process(copy);
  opened();
  return true;
}
let leaving; // the field whose editor the answer will close
document.addEventListener("htmx:after:swap", opened);
function opened() {
  const left = leaving && document.querySelector(`#${leaving} .field__value`);
  if (left) {
    leaving = "";
    if (document.activeElement === document.body) left.focus();
  }
  for (const field of document.querySelectorAll(".field--editing:not([data-open])")) {
    field.dataset.open = "yes";
    const input = box(field),
      keep = field.querySelector("[data-first]");
    (keep ?? input).focus();
    const hasCaret = input?.setSelectionRange && input.type !== "radio"; // every input has the method
    if (hasCaret && !keep) input.setSelectionRange(input.value.length, input.value.length);
    field.dataset.first ??= input?.value ?? "";
  }
}

export function closeEditor(field) {
  const rest = rests.get(field.id);
  if (!rest) return;
  field.outerHTML = rest;
  const back = document.getElementById(field.id);
  htmx.process(back);
  back.querySelector(".field__value")?.focus();
  document.dispatchEvent(new CustomEvent("editor:closed"));
}
function cancel(field) {
  closeEditor(field);
  // Somebody may have changed it meanwhile: the markup kept here could be old.
  if (!connection.isDown)
    htmx.ajax("GET", field.dataset.rest, { target: `#${CSS.escape(field.id)}`, swap: "outerMorph" });
}

function save(field) {
  const form = field.querySelector("form");
  if (field.dataset.saving || !form) return;
  if (
    !field.querySelector(".field__error, .field__conflict, .field__gate") &&
    box(field)?.value === field.dataset.first &&
    !field.querySelector("[data-changed]")
  )
    return cancel(field);
  form.requestSubmit();
}

document.addEventListener("change", (event) => {
  const field = event.target.closest(".field--editing");
  if (!field?.isConnected) return;
  event.target.dataset.changed = "yes";
  const isChoice = event.target.matches("select[name=value], [type=radio][name=value]");
  if (isChoice && !byKey && !field.querySelector("[name=override]")) save(field);
});
// Save and Cancel of an editor on a touch screen; pressing them must not count as leaving the field.
document.addEventListener("mousedown", (event) => {
  if (event.target.closest("[data-cancel], [data-save]")) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const field = event.target.closest(".field--editing");
  const key = event.target.closest("[data-cancel], [data-save], .sevs__key");
  if (!field || !key || !rests.has(field.id)) return;
  if (key.matches(".sevs__key")) {
    // pressed as it is: nothing changes, the editor closes
    const isPressed = event.detail > 0; // an arrow's click counts none
    if (isPressed && key.control.value === field.dataset.first) cancel(field);
    return;
  }
  event.preventDefault();
  if (key.matches("[data-save]")) save(field);
  else cancel(field);
});

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.(".field--editing");
  if (!field || event.isComposing) return;
  const lines = event.target.matches("textarea");
  if (event.key === "Escape") {
    event.preventDefault();
    if (field.querySelector(".field__conflict")) return; // the panel stays: one of its keys decides
    const typed = box(field)?.value ?? "",
      more = Math.abs(typed.length - field.dataset.first.length);
    if (lines && typed !== field.dataset.first && more > 20 && !field.dataset.sure) {
      field.dataset.sure = "yes";
      const hint = field.querySelector("[data-keys]");
      if (hint) hint.textContent = "Esc again discards";
      return;
    }
    cancel(field);
  } else if (event.key === "Enter" && event.target.matches("input, textarea, select")) {
    if (lines && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    save(field);
  }
});

// Click away and Tab save. A blur that stays inside the field, or that comes with the window's, is none.
document.addEventListener("focusout", (event) => {
  const field = event.target.closest?.(".field--editing");
  if (!field || field.contains(event.relatedTarget)) return;
  setTimeout(() => {
    if (!field.isConnected || field.contains(document.activeElement) || !document.hasFocus()) return;
    if (field.querySelector(".field__conflict, .field__gate")) return; // both texts wait for a decision
    save(field);
  });
});

function hold(field, isHeld) {
  for (const input of field.querySelectorAll("input, textarea")) input.readOnly = isHeld;
}
document.addEventListener("htmx:before:request", (event) => {
  const field = event.target.closest?.(".field--editing");
  if (!field) return;
  if (event.detail.ctx.request.method === "POST") hold(field, true); // the answer takes the box away
  field.dataset.saving = "yes";
  setTimeout(() => {
    if (field.isConnected && field.dataset.saving) field.classList.add("field--saving");
  }, 400);
});
document.addEventListener("htmx:finally:request", (event) => {
  const field = event.target.closest?.(".field--editing");
  if (field) {
    delete field.dataset.saving;
    field.classList.remove("field--saving");
    hold(field, false);
  }
});

document.addEventListener("click", (event) => {
  const take = event.target.closest("[data-take]");
  if (!take) return;
  event.preventDefault();
  const field = take.closest(".field--editing"),
    input = box(field);
  if (take.dataset.take === "theirs") {
    leaving = field.id;
    return field.querySelector("form").requestSubmit(take); // mine goes into the record
  }
  if (take.dataset.take === "both")
    input.value = `${input.value}${input.matches("textarea") ? "\n" : " "}${take.dataset.text}`;
  field.querySelector(".field__conflict")?.remove();
  if (take.dataset.take === "mine") return field.querySelector("form").requestSubmit();
  input.focus();
});

// Saved notes leave after five seconds; the page tells the server's view again.
new MutationObserver(() => {
  for (const note of document.querySelectorAll(".field__saved:not([data-seen])")) {
    note.dataset.seen = "yes";
    const field = note.closest(".field");
    if (document.activeElement === document.body) field.querySelector(".field__value")?.focus();
    say(note.dataset.said ?? "Saved");
    setTimeout(() => {
      if (!note.contains(document.activeElement)) note.remove();
    }, 5000);
  }
}).observe(document.body, { childList: true, subtree: true });

window.addEventListener("beforeunload", (event) => {
  const field = editing();
  if (field && box(field)?.value !== field.dataset.first) event.preventDefault();
});
