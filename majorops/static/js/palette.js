// The command palette and the key sheet: dialogs that open at once and fetch their list. Reaching a place on the page.
(() => {
  const palette = document.getElementById("palette");
  if (!palette) return;
  const input = document.getElementById("palette-input"), count = document.getElementById("palette-count");
  const ids = (text) => (text ?? "").split(" ").map((id) => document.getElementById(id)).filter(Boolean);

  // Goes to what a link's data name; false where the page does not show it now.
  window.reach = ({ dataset: { place, choose, fill, press } }) => {
    let [target] = ids(place);
    if (!target) return false;
    if (target.matches("dialog")) return open(target);
    if (press && target.matches("summary")) target = target.parentElement;
    // Folds around it open; a fold's own key is reached with the fold closed.
    for (let e = target.matches("summary") ? target.parentElement.parentElement : target; (e = e?.closest("details")); e = e.parentElement) e.open = true;
    if (!target.checkVisibility()) document.querySelector(`[data-opens="${target.closest("#panel, #composer")?.id}"]`)?.click(); // a phone's sheet
    const stop = target.matches("details") ? target.querySelector("input:not([type=hidden]), select, textarea, button") : target;
    for (const one of ids(choose)) one[one.matches("option") ? "selected" : "checked"] = true;
    if (fill && stop.value) say("Text kept as it is.");
    else if (fill) stop.value = fill;
    stop.focus();
    stop.scrollIntoView({ block: "nearest" });
    if (choose) stop.dispatchEvent(new Event("input", { bubbles: true }));
    if (press && stop === target && !stop.form?.dataset.armed) stop.click();
    return true;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-place]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    link.closest("dialog")?.close();
    if (reach(link)) event.preventDefault();
  });

  let back = null;
  function open(dialog) {
    if (!dialog.open) {
      back = document.activeElement.closest(".field")?.id;
      dialog.showModal();
    }
    if (dialog === palette) { input.value = ""; input.focus(); filter(); }
    htmx.ajax("GET", dialog.dataset.from, { target: `#${dialog.id}-list`, swap: "innerMorph" });
    return true;
  }
  for (const dialog of document.querySelectorAll("dialog")) {
    // Escape is for what lies on top: not for an armed key or a sheet below.
    dialog.addEventListener("keydown", (event) => { if (event.key === "Escape") event.stopPropagation(); });
    // The browser gives the focus back; a field that was left saved itself meanwhile and is another element.
    dialog.addEventListener("close", () => {
      if (document.activeElement === document.body && back) document.querySelector(`#${back} .field__value`)?.focus();
    });
  }
  document.addEventListener("htmx:response:error", () => palette.close());
  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = event.detail, name = ctx.sourceElement?.querySelector?.(".commands__name");
    if (palette.open) filter();
    if (palette.contains(name) && ctx.request.method === "POST" && ctx.response.status < 400) say(`Done: ${name.textContent}`);
  });

  const shown = () => [...palette.querySelectorAll("li:not([hidden]) .commands__do")];
  function filter() {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const line of palette.querySelectorAll("li")) {
      const text = line.textContent.toLowerCase();
      line.hidden = !words.every((word) => text.includes(word));
    }
    const left = shown().length;
    count.textContent = palette.querySelector("li") ? `${left} command${left === 1 ? "" : "s"}` : "Loading";
  }
  input.addEventListener("input", filter);
  palette.addEventListener("submit", () => palette.close());
  palette.addEventListener("click", (event) => {
    const why = event.target.closest("[data-why]")?.dataset.why;
    if (why) count.textContent = why; // what lies below a dialog is not read aloud
  });
  palette.addEventListener("keydown", (event) => {
    const { key } = event, all = shown(), here = all.indexOf(document.activeElement);
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "Enter" && event.target === input) {
      event.preventDefault(); // it would press Close
      all.find((line) => !line.matches("[aria-disabled]"))?.click();
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      (all[here + (key === "ArrowDown" ? 1 : -1)] ?? (key === "ArrowUp" ? input : all[here]))?.focus();
    } else if (here >= 0 && (key === "Backspace" || (key.length === 1 && key !== " "))) input.focus();
  });
})();
