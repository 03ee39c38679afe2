// Clocks: everything ticks by the server's time, measured on each answer; the computer's own clock does not matter.
(() => {
  const body = document.body;
  let serverStart = Date.parse(body.dataset.now), localStart = performance.now();
  window.serverNow = () => serverStart + performance.now() - localStart;

  document.addEventListener("htmx:after:request", (event) => {
    const stamp = Number(event.detail.ctx.response.headers.get("X-Now"));
    if (stamp) [serverStart, localStart] = [stamp, performance.now()];
  });

  const two = (n) => String(n).padStart(2, "0");
  function clock(ms, isShort) {
    const s = Math.floor(Math.abs(ms) / 1000), hours = Math.floor(s / 3600);
    const rest = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
    return isShort && !hours ? rest : `${two(hours)}:${rest}`;
  }
  function brief(ms) { // in a phone's tile
    const minutes = Math.floor(Math.abs(ms) / 60000);
    return minutes < 60 ? clock(ms, true) : `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  }
  const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  // Spoken once each: a countdown's last five minutes, last minute, end.
  const spoken = new Set();
  function speak(element, left) {
    const what = element.dataset.speak;
    if (!what) return;
    for (const [limit, words] of [[0, "is over"], [60000, "in 01:00"], [300000, "in 05:00"]]) {
      const key = `${what} ${element.dataset.until} ${limit}`;
      if (left <= limit && left > limit - 2000 && !spoken.has(key)) {
        spoken.add(key);
        say(limit ? `${what} ${words}` : what, !limit);
      }
    }
  }
  window.say = (text, urgent) => { document.getElementById(urgent ? "said-urgent" : "said").textContent = text; };

  function tick() {
    const now = window.serverNow(), due = new Set();
    for (const e of document.querySelectorAll("[data-clock]")) put(e, new Date(now).toISOString().slice(11, 19));
    for (const e of document.querySelectorAll("[data-since]")) {
      const passed = now - Date.parse(e.dataset.since);
      const { format } = e.dataset;
      put(e, format === "brief" ? brief(passed) : clock(passed, format === "short"));
      const tile = e.closest("[data-amber]");
      if (tile) tile.dataset.colour = passed >= tile.dataset.red * 1000 ? "red" : passed >= tile.dataset.amber * 1000 ? "amber" : "green";
    }
    for (const e of document.querySelectorAll("[data-until]")) {
      const left = Date.parse(e.dataset.until) - now;
      put(e, (left < 0 ? e.dataset.over ?? "-" : "") + clock(left < 0 ? left : left + 999, true));
      // The server says that it ran when the page was drawn: its end may lie between that and our first look.
      if (e.dataset.running && left <= 0) { delete e.dataset.running; due.add(e.dataset.refresh); }
      if (left <= 300000 && left > 299000) due.add(e.dataset.refresh);
      speak(e, left);
    }
    const regions = [...due].filter(Boolean).join(" ").split(" ").filter(Boolean);
    if (regions.length) document.dispatchEvent(new CustomEvent("regions:due", { detail: regions }));
  }
  // All clocks are UTC; the viewer's own time is a tooltip.
  document.addEventListener("pointerover", (event) => {
    const time = event.target.closest?.("time[datetime]");
    if (time && !time.dataset.local) {
      time.dataset.local = "yes";
      time.title = `${new Date(time.dateTime).toLocaleString()} here, ${time.dateTime.slice(0, 19).replace("T", " ")} UTC`;
    }
  });

  if (document.querySelector("[data-clock]")) { setTimeout(tick); setInterval(tick, 1000); } // not before the other scripts listen
})();
