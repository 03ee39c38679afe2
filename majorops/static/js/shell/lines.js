// The lines of a palette: narrowed as somebody types, walked with the arrows, and what a search finds below.
const PAUSE = 250; // ms after the last key

export function lines(dialog) {
  const all = (selector) => [...dialog.querySelectorAll(selector)];
  const [input] = all("input"),
    [count] = all(".commands__count"),
    [said] = all(".commands__said"),
    [found] = all("[data-found]");
  const commands = () => all("#palette-list li"),
    shown = () => all("li:not([hidden]) .commands__do");
  let timer, asked, waits; // waits: Enter came before the list

  const typed = () => input.value.trim();
  function tell(text, html = "") {
    said.textContent = text;
    found.innerHTML = html;
  }
  async function ask() {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked,
      words = typed();
    try {
      const answer = await fetch(`${found.dataset.found}?q=${encodeURIComponent(words)}`, { signal });
      if (!answer.ok) throw new Error(answer.status);
      const html = await answer.text();
      if (words === typed()) tell(answer.headers.get("X-Said"), html);
    } catch {
      if (!signal.aborted) tell("Offline: commands only, nothing was searched.");
    }
  }
  function filter() {
    const words = input.value.toLowerCase().split(" "),
      known = commands();
    for (const line of known)
      line.hidden = !words.every((word) => line.textContent.toLowerCase().includes(word));
    const fits = known.filter((line) => !line.hidden).length;
    count.textContent = known.length ? `${fits} of ${known.length} commands` : "Loading";
  }
  function search() {
    clearTimeout(timer);
    asked?.abort();
    tell("");
    if (typed().length > 1) timer = setTimeout(ask, PAUSE);
  }
  function run() {
    waits = !commands()[0];
    shown()
      .find((line) => !line.matches("[aria-disabled]"))
      ?.click();
  }

  input.addEventListener("input", () => {
    filter();
    search();
  });
  dialog.addEventListener("submit", () => dialog.close());
  dialog.addEventListener("close", search);
  dialog.addEventListener("click", ({ target }) => {
    count.textContent = target.closest("[data-why]")?.dataset.why ?? count.textContent;
  });
  dialog.addEventListener("keydown", (event) => {
    const { key, target } = event,
      known = shown(),
      here = known.indexOf(target);
    if (key === "Enter" && target === input && !event.isComposing) {
      event.preventDefault(); // it would press Close
      run();
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      (known[here + (key === "ArrowDown" ? 1 : -1)] ?? (here > 0 ? target : input)).focus();
    } else if (here >= 0 && (key === "Backspace" || (key.length === 1 && key !== " "))) input.focus();
  });
  return {
    // As it opens: nothing is typed.
    start() {
      waits = 0;
      input.value = "";
      input.focus();
      filter();
      search();
    },
    // The commands came, or others.
    fresh() {
      filter();
      if (waits) run();
    },
  };
}
