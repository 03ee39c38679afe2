// On every page of staff: the service worker, and what sign-out takes along.
import { lines } from "./lines.js";

const workers = navigator.serviceWorker;
const SCOPE = "/admin/";
const PATIENCE = 1000; // ms; sign-out does not wait for a browser that does not answer

workers?.register("/worker.js", { scope: SCOPE, updateViaCache: "none" }).catch(() => {
  // no HTTPS, or a browser that forbids it: everything but push messages works without
});

// A press on a notification, while this very page is open: to the place, without losing what is typed.
workers?.addEventListener("message", ({ data }) => {
  if (!data?.place) return;
  location.hash = data.place;
});

// Ctrl K: the palette. The fireground brings its own; other pages fetch one, once.
let opens;
async function bring(from) {
  const answer = await fetch(from);
  if (!answer.ok) throw new Error(answer.status);
  document.body.insertAdjacentHTML("beforeend", await answer.text());
  const dialog = document.getElementById("palette"),
    known = lines(dialog);
  return () => {
    if (!dialog.open) dialog.showModal();
    known.start();
  };
}
async function openPalette(at, field) {
  opens ??= bring(`${at.pathname}/palette`);
  try {
    (await opens)();
  } catch {
    opens = undefined;
    if (field) field.focus();
    else refuse();
  }
}
// The page stays, with what is typed on it.
function refuse() {
  const dialog = document.createElement("dialog");
  dialog.className = "commands";
  dialog.ariaLabel = "Commands";
  dialog.innerHTML = `<form class="commands__head" method="dialog">
    <p>No connection. The palette opens when it is back.</p>
    <button class="button button--quiet">Close</button>
  </form>`;
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
// `/` where a field for a search is in sight.
document.addEventListener("keydown", (event) => {
  const at = document.querySelector("link[rel=search]"),
    isElsewhere = opens || !document.getElementById("palette");
  if (!at || !isElsewhere || event.altKey || !event.key) return;
  const field = document.querySelector("[role=search] input[type=search]");
  const isChord = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k";
  const isFree = !event.target.closest("input, textarea, select, [contenteditable], dialog");
  const isSlash = event.key === "/" && field && isFree && !("off" in at.dataset);
  if (!isChord && !isSlash) return;
  event.preventDefault();
  if (isChord) openPalette(new URL(at.href), field);
  else field.focus();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!workers || !form.matches("form[action$='/logout']") || form.dataset.left) return;
  event.preventDefault();
  form.dataset.left = "yes";
  const late = new Promise((done) => setTimeout(done, PATIENCE));
  Promise.race([leave(), late]).finally(() => form.submit());
});

// The server forgets the device too; this is for the browser: it takes no more, and shows no more.
async function leave() {
  try {
    const worker = await workers.getRegistration(SCOPE);
    for (const shown of (await worker?.getNotifications()) ?? []) shown.close();
    const subscription = await worker?.pushManager?.getSubscription();
    await subscription?.unsubscribe();
  } catch {
    // a browser that cannot say
  }
}
