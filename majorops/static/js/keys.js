// Single keys, zones, and the sheet that turns the keys off or gives them other letters.
(() => {
  const ZONES = "#topbar, #phases, #header, #info, #team, #tracks, #timeline, #updates, #panel, #composer, #tiles";
  if (!document.getElementById("keys")) return;
  let mine = {}; // the key as listed → the person's own; `off`
  try { mine = JSON.parse(localStorage.getItem("keys")) ?? {}; } catch { /* unreadable: as listed */ }
  const keyOf = (name) => mine[name] ?? name;
  const links = () => [...document.querySelectorAll("[data-key]")];

  // Rows of the timeline
  let asked = null; // the row whose visibility was pressed: it gets the focus back
  function step(by) {
    const rows = [...document.querySelectorAll(".timeline__row")];
    const here = rows.indexOf(document.activeElement.closest(".timeline__row"));
    rows[Math.max(here + by, 0)]?.focus();
  }
  function visibility() {
    const row = document.activeElement.closest(".timeline__row"), button = row?.querySelector(".visibility");
    if (!row) return say("Press J for a row first.");
    asked = row.id;
    button.focus();
    button.click();
    if (button.matches("summary")) button.nextElementSibling.querySelector("button").focus();
  }
  document.addEventListener("htmx:after:swap", () => {
    if (asked && document.activeElement === document.body) { document.getElementById(asked)?.focus(); asked = null; }
    draw();
  });
  const acts = { J: () => step(1), K: () => step(-1), P: visibility };

  function zone(by) {
    const zones = [...document.querySelectorAll(ZONES)].filter((e) => e.checkVisibility());
    const here = zones.findIndex((e) => e.contains(document.activeElement));
    const next = zones[here < 0 && by < 0 ? zones.length - 1 : (here + by + zones.length) % zones.length];
    next.focus();
    if (document.activeElement !== next) next.querySelector("a, button")?.focus();
  }

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    // A held Enter must not confirm what it has just armed.
    if (key === "Enter" && event.repeat && target.closest?.("[data-arm]")) event.preventDefault();
    if (event.defaultPrevented || event.isComposing || event.altKey || !key) return;
    const above = document.querySelector("dialog[open]");
    if (key === "F6" && !above) { event.preventDefault(); return zone(event.shiftKey ? -1 : 1); }
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && key.toLowerCase() === "k") {
      event.preventDefault();
      if (above?.id !== "palette") above?.close();
      return reach({ dataset: { place: "palette" } });
    }
    if (above || mine.off || event.ctrlKey || event.metaKey || key.length > 1 || target.closest?.("input, textarea, select") || target.isContentEditable) return;
    const pressed = key.toUpperCase();
    if (event.shiftKey && pressed !== key.toLowerCase()) return; // `?` and `/` need Shift on some keyboards
    const link = links().find((one) => keyOf(one.dataset.key) === pressed), act = acts[link?.dataset.key];
    if (!link || (event.repeat && !act)) return;
    event.preventDefault();
    if (link.dataset.why) say(link.dataset.why);
    else if (act) act();
    else if (!reach(link)) say(`${link.textContent}: not on the screen now.`);
  });

  // The sheet
  function draw() {
    for (const mark of document.querySelectorAll("[data-kbd]")) { mark.textContent = keyOf(mark.dataset.kbd); mark.hidden = mine.off || !mark.textContent; }
    for (const field of document.querySelectorAll("[data-key-of]")) field.value = keyOf(field.dataset.keyOf);
    const on = document.querySelector("[data-keys-on]");
    if (on) on.checked = !mine.off;
  }
  function keep() { localStorage.setItem("keys", JSON.stringify(mine)); draw(); }
  document.addEventListener("focusin", (event) => { if (event.target.matches("[data-key-of]")) event.target.select(); });
  document.addEventListener("input", ({ target }) => {
    if (target.matches("[data-keys-on]")) { mine.off = !target.checked; keep(); }
    if (!target.matches("[data-key-of]")) return;
    const name = target.dataset.keyOf, key = target.value.trim().toUpperCase();
    const taken = key && links().find((one) => one.dataset.key !== name && keyOf(one.dataset.key) === key);
    document.querySelector("[data-keys-refused]").textContent = taken ? `${key} is taken: ${taken.textContent}.` : "";
    if (!taken) mine[name] = key;
    keep();
    target.select();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-reset]")) { mine = {}; keep(); }
  });
  draw();
})();
