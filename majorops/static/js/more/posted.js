// The line that says what became of the last act, and a CAN in fields for whoever wants it so.
const line = document.getElementById("posted");
if (line) start();

function start() {
  let timer;
  line.addEventListener("click", () => {
    line.textContent = "";
  });
  new MutationObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      line.textContent = "";
    }, 10000);
    const { sheet } = document.body.dataset;
    if (line.textContent.startsWith("Posted") && sheet === "composer") {
      document.querySelector("[data-opens=composer]").click();
    }
  }).observe(line, { childList: true });

  const byField = () => document.getElementById("log-by-field");
  function apply() {
    const box = byField();
    if (!box) return;
    box.defaultChecked = localStorage.getItem("can by field") === "y"; // what a sent form goes back to
    if (box.defaultChecked) box.checked = true;
  }
  document.addEventListener("change", ({ target }) => {
    if (target !== byField()) return;
    localStorage.setItem("can by field", target.checked ? "y" : "");
    apply();
    document.getElementById(target.checked ? "log-can-team" : "log-text").focus();
  });
  // A key that asks for the line of a CAN finds its fields.
  document.addEventListener("input", ({ target }) => {
    if (target.id === "log-text" && !target.checkVisibility())
      document.getElementById("log-can-team").focus();
  });
  document.addEventListener("htmx:after:swap", apply);
  apply();
}
