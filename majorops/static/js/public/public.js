// The public page between reloads: clocks and the badge by the server's time, and a light poll. Without it the page is whole too.
(() => {
  const EVERY = 20000, SLOWEST = 120000, SILENT = 60000, SOON = 300000;
  const jitter = (ms) => ms * (0.7 + 0.6 * Math.random());
  const asOf = () => document.querySelector(".asof time"), main = () => document.querySelector("main");
  const hms = (ms) => new Date(ms).toISOString().slice(11, 19);
  let start = Date.parse(asOf().dateTime), began = performance.now(), answered = began;
  let drawn = main().innerHTML, failures = 0, timer;
  const now = () => start + performance.now() - began;

  // The badge turns at its second, in the words that the server would use.
  function tick() {
    for (const badge of document.querySelectorAll(".cadence[data-cadence=due]")) {
      const time = badge.querySelector("time"), left = Date.parse(time.dateTime) - now();
      badge.classList.toggle("cadence--soon", left <= SOON);
      if (left > 0) { count(badge, left + 999, "in "); continue; }
      const note = badge.nextElementSibling, was = time.cloneNode(true);
      badge.dataset.cadence = "overdue";
      badge.classList.remove("cadence--soon");
      badge.querySelector("use").setAttribute("href", "#i-warn");
      badge.lastChild.replaceWith("Update overdue");
      note.replaceChildren("was due ", was);
    }
    for (const badge of document.querySelectorAll(".cadence[data-cadence=overdue]")) {
      count(badge, now() - Date.parse(badge.nextElementSibling.querySelector("time").dateTime), "");
    }
  }
  function count(badge, ms, before) {
    const seconds = Math.floor(ms / 1000), two = (n) => String(Math.floor(n)).padStart(2, "0");
    let mark = badge.querySelector("[data-left]");
    if (!mark) {
      mark = document.createElement("span");
      mark.dataset.left = "";
      badge.append(" ", mark);
    }
    mark.textContent = `${before}${seconds >= 3600 ? `${two(seconds / 3600)}:` : ""}${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  }

  function show(page) {
    const fresh = page.querySelector("main.wrap");
    if (!fresh || !page.querySelector(".top")) return; // not ours: a proxy's page, a sign-in of a hotel
    const stamp = page.querySelector(".asof");
    if (stamp) document.querySelector(".asof").replaceWith(stamp);
    if (fresh.innerHTML === drawn) return;
    drawn = fresh.innerHTML;
    const focus = document.activeElement?.getAttribute("href"), open = [...main().querySelectorAll("details[open]")].map((e) => e.textContent);
    main().replaceWith(fresh);
    document.title = page.title;
    const [mark, other] = [document, page].map((where) => where.querySelector("[data-posture]"));
    if (other) mark.replaceWith(other);
    for (const fold of fresh.querySelectorAll("details")) fold.open = open.includes(fold.textContent);
    if (focus) fresh.querySelector(`a[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
    document.getElementById("said").textContent = `Updated ${hms(now())} UTC`;
    tick();
  }
  async function poll() {
    let wait = EVERY;
    try {
      const answer = await fetch(location.href, { cache: "no-cache", headers: { Accept: "text/html" }, signal: AbortSignal.timeout(15000) });
      const { headers } = answer;
      wait = Math.min(SLOWEST, Math.max(wait, 1000 * (Number(headers.get("Retry-After")) || 0)));
      if (![200, 404].includes(answer.status) || !headers.get("Content-Type")?.startsWith("text/html")) throw new Error(answer.status);
      const stamp = Date.parse(headers.get("Date")) + 1000 * (Number(headers.get("Age")) || 0);
      if (stamp) [start, began] = [stamp, performance.now()];
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      [failures, answered] = [0, performance.now()];
    } catch {
      failures += 1;
      wait = Math.max(wait, Math.min(SLOWEST, 5000 * 2 ** failures));
    }
    document.querySelector("[data-fresh]").textContent = failures && performance.now() - answered > SILENT ? `Not updated since ${hms(start)} UTC.` : "Updates by itself.";
    plan(jitter(wait));
  }
  function plan(ms) { clearTimeout(timer); if (!document.hidden) timer = setTimeout(poll, ms); }
  document.addEventListener("visibilitychange", () => plan(0));
  window.addEventListener("online", () => plan(0));
  document.querySelector("[data-fresh]").textContent = "Updates by itself.";
  tick();
  setInterval(tick, 1000);
  plan(jitter(EVERY));
})();
