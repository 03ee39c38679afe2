// A key beside each piece of HTML that copies it. Without this the text is there to be selected.
for (const key of document.querySelectorAll("[data-copies]")) {
  const text = document.getElementById(key.dataset.copies),
    said = document.getElementById("copied");
  key.hidden = false;
  key.addEventListener("click", async () => {
    key.after(said);
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
      said.textContent = said.dataset.done;
    } catch {
      said.textContent = said.dataset.selected; // no clipboard without https, or refused
    }
  });
}
