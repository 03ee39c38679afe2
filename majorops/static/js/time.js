// The server's time, measured on each answer; the computer's own clock does not matter.
let serverStart = Date.parse(document.body.dataset.now),
  localStart = performance.now(),
  heard = serverStart;
export const serverNow = () => serverStart + performance.now() - localStart;
// The server's time of the newest answer.
export const heardAt = () => heard;

document.addEventListener("htmx:after:request", (event) => {
  const stamp = Number(event.detail.ctx.response.headers.get("X-Now"));
  if (stamp) [serverStart, localStart, heard] = [stamp, performance.now(), stamp];
});
