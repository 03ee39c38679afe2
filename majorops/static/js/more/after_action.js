// The keys of the After Action write their time into the field, where it is read before it is posted.
import { serverNow } from "../time.js";

const field = () => document.getElementById("after-action");
const text = (at) => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
const day = 86400000;
const times = {
  tomorrow: () => Math.floor(serverNow() / day + 1) * day + (day * 10) / 24,
  "48h": () => serverNow() + 2 * day,
};
document.addEventListener("change", ({ target }) => {
  if (target.name === "after_action" && target.type === "radio") field().value = text(times[target.value]());
});
document.addEventListener("input", ({ target }) => {
  if (target !== field()) return;
  for (const key of target.form.elements.after_action) key.checked = false;
});
