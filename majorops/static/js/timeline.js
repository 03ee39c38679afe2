// The timeline: filtered and paged in place, and a bar that waits when new entries come in above what is being read.
(() => {
  const root = document.querySelector("[data-changes]");
  if (!root) return;
  // The address says what is shown; every redraw reads it there.
  function show(address) {
    history.replaceState(null, "", address);
    htmx.ajax("GET", `${root.dataset.changes}?region=timeline`, { swap: "none", target: "#problem" });
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[role=search]")) return;
    event.preventDefault();
    show(`${form.action.split("#")[0]}?${new URLSearchParams(new FormData(form))}`);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#timeline a[href*='#timeline']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link.href.split("#")[0]);
  });

  const rows = () => [...document.querySelectorAll(".timeline__row")];
  const number = (row) => Number(row?.id.slice(6) ?? 0);
  let seen = number(rows()[0]);
  function look() {
    const bar = document.getElementById("timeline-new"), all = rows();
    if (!bar || !all.length) return;
    if (all[0].getBoundingClientRect().bottom > bar.parentElement.getBoundingClientRect().top) seen = number(all[0]);
    const fresh = all.filter((row) => number(row) > seen).length;
    const text = `${fresh} new entr${fresh === 1 ? "y" : "ies"}`;
    if (fresh && bar.textContent !== text) say(text);
    bar.textContent = fresh ? text : "";
    bar.hidden = !fresh;
  }
  document.addEventListener("htmx:after:swap", look);
  document.addEventListener("scroll", look, { capture: true, passive: true });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#timeline-new")) return;
    document.getElementById("timeline").scrollIntoView();
    rows()[0].focus({ preventScroll: true });
    look();
  });
})();
