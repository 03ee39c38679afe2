// Print and copy. Without it the browser prints, and the text can be selected.
const said = document.getElementById("said");
for (const key of document.querySelectorAll("[data-print], [data-copy]")) {
  key.hidden = "copy" in key.dataset && !navigator.clipboard;
  key.addEventListener("click", async () => {
    if ("print" in key.dataset) return window.print();
    const from = document.querySelector(key.dataset.copy);
    await navigator.clipboard.writeText(from.value ?? from.innerText);
    const words = key.textContent;
    key.textContent = "Copied";
    if (said) said.textContent = "Copied";
    setTimeout(() => {
      key.textContent = words;
    }, 2000);
  });
}
