// The palette and the key sheet open at once and fetch their list; reaching a place on the page.
import { htmx } from "../vendor/htmx/htmx.min.js";
import { firstField } from "./command.js";
import { lines } from "./shell/lines.js";

const palette = document.getElementById("palette"); // none where nothing is commanded
const known = palette && lines(palette);
const ids = (text) =>
  (text ?? "")
    .split(" ")
    .map((id) => document.getElementById(id))
    .filter(Boolean);

// Goes where a link's data say; false where that is not shown now.
export const reach = ({ dataset: { place, choose, fill, press } }) => {
  let [target] = ids(place);
  if (!target) return false;
  if (target.matches("dialog")) return open(target);
  if (press && target.matches("summary")) target = target.parentElement;
  // Folds around it open, not the one whose key it is.
  const start = target.matches("summary") ? target.parentElement.parentElement : target;
  for (let e = start.closest("details"); e; e = e.parentElement.closest("details")) e.open = true;
  const home = target.closest("#composer, #log")?.id ?? (target.closest(".command") ? "panel" : undefined);
  const { sheet } = document.body.dataset; // a phone's
  if (home ? home !== sheet && (sheet || !target.checkVisibility()) : sheet) {
    document.querySelector(`[data-opens="${home ?? sheet}"]`)?.click();
  }
  for (const one of ids(choose)) one[one.matches("option") ? "selected" : "checked"] = true;
  let stop = target.matches("details") ? (firstField(target) ?? target.querySelector("button")) : target;
  // A CAN has fields of its own.
  if (!stop.checkVisibility()) stop = firstField(stop.form ?? target, "input, textarea") ?? stop;
  if (fill) stop.value ||= fill; // typed text stays
  stop.focus();
  if (choose) stop.dispatchEvent(new Event("input", { bubbles: true }));
  if (press && stop === target && !stop.form?.dataset.armed) stop.click();
  return true;
};
let back;
function open(dialog) {
  back = document.activeElement.closest(".field")?.id;
  if (!dialog.open) dialog.showModal();
  if (dialog === palette) known.start();
  htmx.ajax("GET", dialog.dataset.from, { target: `#${dialog.id}-list`, swap: "innerMorph" });
  return true;
}
if (palette) start();

function start() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-place]");
    if (!link) return;
    link.closest("dialog")?.close();
    if (reach(link)) event.preventDefault();
  });

  // The browser gives the focus back; a field that was left is another element by now.
  document.addEventListener(
    "close",
    () => {
      if (!document.activeElement.closest(".fireground"))
        document.querySelector(`#${back} .field__value`)?.focus();
    },
    true,
  );
  document.addEventListener(
    "htmx:response:error",
    ({ detail: { ctx } }) => ctx.response.status < 500 && palette.close(),
  );
  document.addEventListener("htmx:after:swap", () => {
    if (palette.open) known.fresh();
  });
}
