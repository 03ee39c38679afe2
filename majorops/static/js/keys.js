// Single keys, zones, and the sheet that changes the keys.
import { reach } from "./palette.js";
import { say } from "./say.js";

const all = (selector) => [...document.querySelectorAll(selector)];
const row = () => document.activeElement.closest(".timeline__row");
const sheet = document.getElementById("keys");
if (sheet) start();

function start() {
  let mine = JSON.parse(localStorage.getItem("keys") ?? "{}"); // as listed → their own; `off`
  const isOff = () => mine.off || "off" in sheet.dataset; // here, or for the whole account
  const keyOf = (name) => mine[name] ?? name,
    named = (test) => all("[data-key]").find(({ dataset: { key } }) => test(keyOf(key), key));

  let asked; // the row that P acted on gets the focus back
  function step(by) {
    const rows = all(".timeline__row");
    rows[Math.max(rows.indexOf(row()) + by, 0)]?.focus();
  }
  const acts = {
    J: () => step(1),
    K: () => step(-1),
    P() {
      const button = row()?.querySelector(".visibility");
      if (!button) return "Press J for a row first.";
      asked = row().id;
      button.click();
      (button.nextElementSibling?.querySelector("button") ?? button).focus();
    },
  };
  acts.R = () => {
    const button = row()?.querySelector(".mark");
    if (!button) return "Press J for a row first.";
    asked = row().id;
    button.click();
  };
  document.addEventListener("htmx:after:swap", () => {
    if (asked && document.activeElement === document.body) asked = document.getElementById(asked)?.focus();
    draw();
  });

  function zone(by) {
    const zones = all(".fireground [tabindex]:not(li)").filter((e) => e.checkVisibility()),
      here = zones.findIndex((e) => e.contains(document.activeElement));
    zones.at(here < 0 && by < 0 ? -1 : (here + by) % zones.length).focus();
  }

  // A form that was pressed is on its way: what is typed for it acts on nothing.
  let quiet = 0;
  document.addEventListener(
    "click",
    ({ target }) => {
      if (target.closest("[data-edit], [data-helper], .commands__do")) quiet = performance.now() + 1000;
    },
    true,
  );
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches("input, textarea, select")) quiet = 0;
  });
  const isLoading = () => performance.now() < quiet || all("[data-edit].htmx-request")[0];

  document.addEventListener("keydown", (event) => {
    const { key, target } = event,
      above = all("dialog[open]")[0],
      chord = event.ctrlKey || event.metaKey;
    // A held Enter must not confirm what it has just armed or opened.
    const isHeld = key === "Enter" && event.repeat;
    if (isHeld && target.closest("[data-arm], .advance__soft")) event.preventDefault();
    if (event.altKey || !key) return;
    const pressed = key.toUpperCase();
    if (key === "F6" && !above) {
      event.preventDefault();
      zone(event.shiftKey ? -1 : 1);
    }
    if (chord && !event.shiftKey && pressed === "K") {
      event.preventDefault();
      all("[data-place=palette]")[0].click();
    }
    if (
      above ||
      isOff() ||
      chord ||
      key.length > 1 ||
      target.closest("input, textarea, select, [contenteditable]")
    )
      return;
    if (event.shiftKey && pressed !== key.toLowerCase()) return; // `?` and `/` need Shift on some keyboards
    const link = named((key) => key === pressed),
      act = acts[link?.dataset.key];
    if (!link || (event.repeat && !act) || isLoading()) return;
    event.preventDefault();
    const why =
      link.dataset.why ?? (act ? act() : !reach(link) && `${link.textContent}: not on the screen now.`);
    if (why) say(why);
  });

  function draw() {
    for (const mark of all("[data-kbd]")) {
      mark.textContent = keyOf(mark.dataset.kbd);
      mark.hidden = isOff() || !mark.textContent;
    }
    for (const field of all("[data-key-of]")) field.value = keyOf(field.dataset.keyOf);
    for (const box of all("[data-keys-on]")) box.checked = !mine.off;
  }
  function keep() {
    localStorage.setItem("keys", JSON.stringify(mine));
    draw();
  }
  document.addEventListener("input", ({ target, data }) => {
    const name = target.dataset.keyOf;
    if (name) {
      const key = (data ?? "").trim().toUpperCase().slice(-1);
      const taken = key && named((other, of) => of !== name && other === key);
      all("[data-keys-refused]")[0].textContent = taken ? `${key} is taken: ${taken.textContent}.` : "";
      if (!taken) mine[name] = key;
    } else if (target.matches("[data-keys-on]")) mine.off = !target.checked;
    else return;
    keep();
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-keys-reset]")) {
      mine = {};
      keep();
    }
  });
  draw();
}
