// The state of the connection to the server, for all to see. live.js finds out.
import { serverNow } from "./time.js";

let downSince = null,
  lastState = "";
const clock = () => new Date(serverNow()).toISOString().slice(11, 19);
export const connection = {
  get isDown() {
    return downSince !== null;
  },
  get seconds() {
    return downSince === null ? 0 : Math.floor((performance.now() - downSince) / 1000);
  },
  get isOffline() {
    return this.isDown && (!navigator.onLine || this.seconds >= 30);
  },
  lastState: () => lastState,
};
// Both return whether that is news.
export function goUp() {
  const wasDown = connection.isDown;
  lastState = clock();
  downSince = null;
  return wasDown;
}
export function goDown() {
  const wasUp = !connection.isDown;
  if (wasUp) downSince = performance.now();
  return wasUp;
}

// A proxy without a server behind it, the sign-in page of a hotel: nothing of it reached us, whatever it
// says.
export const isLost = ({ status, headers }) => (status >= 502 && status <= 504) || !headers.has("X-Now");
