// What an answer does to the form that asked: renewed tokens, cleared forms, and a line with Retry where
// nothing was saved.
import { say } from "./say.js";

const notice = document.getElementById("problem");
document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail,
    token = ctx.response.headers.get("X-CSRF-Token"),
    form = ctx.sourceElement;
  if (!token) return;
  useToken(token);
  if (form?.matches?.("form") && !form.dataset.again) {
    form.dataset.again = "yes";
    setTimeout(() => form.isConnected && form.requestSubmit());
  }
});
export const useToken = (token) => {
  for (const field of document.querySelectorAll("[name=csrf_token]")) field.value = token;
};

// What was sent and taken is cleared and folded away; what was refused, or typed while it was on its
// way, stays.
const sent = new WeakMap(),
  texts = (form) => [...form.elements].filter(({ type }) => type === "text" || type === "textarea");
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement?.matches?.("form"))
    sent.set(
      ctx,
      texts(ctx.sourceElement).map((e) => e.value),
    );
});
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail,
    form = ctx.sourceElement;
  if (
    ctx.request.method !== "POST" ||
    ctx.response.status >= 400 ||
    !form?.matches?.("form") ||
    !form.isConnected
  )
    return;
  delete form.dataset.again;
  if (texts(form).some((e) => e.value !== e.defaultValue && !sent.get(ctx)?.includes(e.value))) return;
  form.reset();
  if (!form.closest("[data-stay]")) form.closest("details")?.removeAttribute("open");
});

// Publishing and advancing never wait in the browser: whoever pressed must know that nothing happened.
const UNDONE = { phase: "Not advanced", updates: "Not posted", holding: "Not posted", late: "Not posted" };
document.addEventListener("unsent", (event) => {
  const form = event.detail,
    what = UNDONE[form.action?.split("/").pop()] ?? "Not saved";
  const text = `Offline. ${what}. Text kept.`;
  const line = document.createElement("p"),
    again = document.createElement("button");
  line.className = "notice notice--error";
  line.dataset.unsent = what;
  line.setAttribute("role", "alert");
  Object.assign(again, { type: "button", className: "button", textContent: "Retry" });
  again.addEventListener("click", () => {
    line.remove();
    form.isConnected && form.requestSubmit();
  });
  line.append(text, " ", again);
  notice.replaceChildren(line);
});
// The connection is back: it is not offline any more. The text stays in its form, for who pressed to decide.
document.addEventListener("connection:up", () => {
  const old = notice.querySelector("[data-unsent]");
  if (!old) return;
  old.remove();
  say(`Connected. ${old.dataset.unsent} yet. Text kept.`);
});
