// Keeps the screen true: asks for what changed, says when the line is down, never loses typed text.
(() => {
  const root = document.querySelector("[data-changes]");
  const notice = document.getElementById("problem");
  const link = () => document.querySelector("[data-link]");
  const version = () => document.getElementById("version")?.dataset.version ?? "0";
  const EVERY = 4000;
  let downSince = null;

  document.documentElement.classList.add("js");

  document.addEventListener("htmx:config:request", (event) => {
    event.detail.ctx.request.headers["X-Version"] = version();
  });

  function draw() {
    const mark = link();
    if (!mark) return;
    const seconds = downSince ? Math.floor((performance.now() - downSince) / 1000) : 0;
    const state = !downSince ? "live" : navigator.onLine ? "reconnecting" : "offline";
    if (mark.dataset.link !== state) mark.dataset.link = state;
    const text = { live: "LIVE", reconnecting: `RECONNECTING ${seconds} S`, offline: "OFFLINE" }[state];
    if (mark.textContent !== text) mark.textContent = text;
  }
  function up() { if (downSince) say("Reconnected"); downSince = null; draw(); }
  function down() { downSince ??= performance.now(); draw(); }

  document.addEventListener("htmx:after:request", up);
  document.addEventListener("htmx:error", (event) => {
    if (!event.detail.ctx) return;
    down();
    if (event.detail.ctx.request?.method === "GET") return;
    event.target.closest(".field--editing")?.setAttribute("data-unsent", "yes");
    tell("Offline. Not saved. Text kept.", event.target);
  });
  // A long absence, a refusal that belongs to no form: the answer's own short page stands in #problem.
  document.addEventListener("htmx:response:error", (event) => {
    const { ctx } = event.detail, token = ctx.response.headers.get("X-CSRF-Token"), form = ctx.sourceElement;
    if (ctx.response.status >= 500) down();
    if (!token) return;
    for (const field of document.querySelectorAll("[name=csrf_token]")) field.value = token;
    if (form?.matches?.("form") && !form.dataset.again) {
      form.dataset.again = "yes";
      setTimeout(() => form.isConnected && form.requestSubmit());
    }
  });

  // What was sent and taken is cleared and folded away; what was refused stays as typed.
  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = event.detail, form = ctx.sourceElement;
    if (ctx.request.method !== "POST" || ctx.response.status >= 400 || !form?.matches?.("form") || !form.isConnected) return;
    form.reset();
    delete form.dataset.again;
    form.closest("details")?.removeAttribute("open");
  });

  function tell(text, form) {
    const line = document.createElement("p");
    line.className = "notice notice--error";
    line.append(text, " ");
    if (form?.matches("form")) {
      const again = document.createElement("button");
      again.type = "button";
      again.className = "button";
      again.textContent = "Retry";
      again.addEventListener("click", () => { line.remove(); form.isConnected && form.requestSubmit(); });
      line.append(again);
    }
    notice.replaceChildren(line);
  }

  if (!root) return;
  function ask(regions = []) {
    const query = regions.map((name) => `region=${name}`).join("&");
    return htmx.ajax("GET", `${root.dataset.changes}?${query}`, { swap: "none", target: "#problem" });
  }
  let asking = false;
  async function poll(regions) {
    if (asking || (document.hidden && !regions)) return;
    asking = true;
    try { await ask(regions); } finally { asking = false; }
  }
  document.addEventListener("regions:due", (event) => setTimeout(() => poll(event.detail), 300));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  window.addEventListener("online", () => poll());
  window.addEventListener("offline", down);
  setInterval(() => poll(), EVERY);
  setInterval(draw, 1000);
})();
