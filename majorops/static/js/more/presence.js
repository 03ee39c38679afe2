// Who edits what: tells which field is open here, marks the fields that others have open. A hint, not a lock.
import { connection } from "../connection.js";

const root = document.querySelector("[data-changes]");
if (root?.dataset.presence) start();

function start() {
  let told = "";
  function tell() {
    const field = document.querySelector(".field--editing")?.dataset.field ?? "";
    if (field === told || connection.isDown) return;
    told = field;
    const token = document.querySelector("[name=csrf_token]")?.value;
    fetch(root.dataset.presence, {
      method: "POST",
      headers: { "X-CSRFToken": token },
      body: new URLSearchParams({ field }),
      keepalive: true,
    }).catch(() => {});
  }
  function mark() {
    for (const old of document.querySelectorAll(".field__who")) old.remove();
    for (const who of document.querySelectorAll("#presence [data-on]")) {
      const field = document.getElementById(who.dataset.on);
      if (!field || who.dataset.me) continue;
      const note = document.createElement("span");
      note.className = "field__who tag tag--amber";
      note.textContent = `${who.firstChild.data.trim()} editing`;
      note.title = who.title;
      field.append(note);
    }
  }
  document.addEventListener("htmx:after:swap", () => {
    tell();
    mark();
  });
  document.addEventListener("editor:closed", tell);
  document.addEventListener("connection:up", () => {
    told = "";
    tell();
  });
  mark();
}
