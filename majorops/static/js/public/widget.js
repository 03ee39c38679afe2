// The small page in a frame asks for itself again while somebody may see it. Without this it says of when
// it is.
const EVERY = 60000;

async function ask() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, {
      cache: "no-cache",
      credentials: "omit",
      signal: AbortSignal.timeout(15000),
    });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html"),
      next = page.querySelector("main[data-posture]"),
      now = document.querySelector("main");
    if (!answer.ok || !next) return; // what stands says of when it is
    if (now.contains(document.activeElement)) return; // somebody is about to follow a link
    now.replaceWith(next);
  } catch {
    // the next time
  }
}
setInterval(ask, EVERY * (0.8 + 0.4 * Math.random()));
document.addEventListener("visibilitychange", ask);
