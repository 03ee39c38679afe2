// The timeline is filtered and paged in place; a bar waits when entries come in above.
import { htmx } from "../../vendor/htmx/htmx.min.js";
import { say } from "../say.js";

const root = document.querySelector("[data-changes]");
if (document.getElementById("timeline")) start();

function start() {
  // The address says what is shown; every redraw reads it there.
  function show(event, address) {
    event.preventDefault();
    history.replaceState(null, "", address);
    htmx.ajax("GET", `${root.dataset.changes}?region=timeline`, { swap: "none", target: "#problem" });
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[role=search]")) show(event, `?${new URLSearchParams(new FormData(form))}`);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#timeline a[href$='#timeline']");
    if (link && !event.ctrlKey && !event.metaKey) show(event, link.href.split("#")[0]);
    if (!event.target.closest("#timeline-new")) return;
    document.getElementById("timeline").scrollIntoView();
    rows()[0].focus({ preventScroll: true });
    look();
  });

  const rows = () => [...document.querySelectorAll(".timeline__row[id^=entry]")];
  const number = (row) => Number(row?.id.slice(6));
  let seen = number(rows()[0]),
    told;
  function look() {
    const bar = document.getElementById("timeline-new"),
      all = rows();
    if (!bar) return; // the list of incidents
    if (!all[0] || all[0].getBoundingClientRect().bottom > bar.parentElement.getBoundingClientRect().top)
      seen = number(all[0]);
    const fresh = all.filter((row) => number(row) > seen).length,
      text = fresh ? `${fresh} new entr${fresh === 1 ? "y" : "ies"}` : "";
    if (text && told !== text) say(text);
    bar.textContent = told = text;
    bar.hidden = !fresh;
  }
  document.addEventListener("htmx:after:swap", look);
  document.addEventListener("scroll", look, true);
}
