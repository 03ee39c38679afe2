// An act may take away the key that was pressed. The focus goes to what stands in its place,
// or to the region around it.
const places = new WeakMap(); // request → selectors, best first
const byId = (id, more = "") => id && `#${CSS.escape(id)}${more}`;
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const { activeElement } = document,
    source = ctx.sourceElement;
  if (ctx.request.method !== "POST" || !source?.contains?.(activeElement)) return;
  places.set(ctx, {
    was: activeElement,
    found: [
      byId(activeElement.id),
      source.closest(".advance") && "#advance-key, #status-key",
      byId(source.closest("details")?.id, " > summary"),
      byId(source.closest("[tabindex]")?.id),
      // Not on the key beside it: Enter pressed twice on Undo must not publish.
      source.closest("#notices") ? "#header" : "#panel, #steps",
    ],
  });
});
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const place = places.get(ctx);
  if (place) setTimeout(settle, 60, place); // after all who know better
});
function settle({ was, found }) {
  const { activeElement, body } = document;
  if (activeElement !== body && activeElement.checkVisibility()) return;
  if (was.isConnected && was.checkVisibility()) return; // it was left, not taken away
  const elements = found.filter(Boolean).map((selector) => document.querySelector(selector));
  elements.find((e) => e?.checkVisibility())?.focus({ preventScroll: true });
}
