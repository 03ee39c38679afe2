// The service worker of staff's screens. It keeps what SHELL names (web/shell.py): files that are the same
// for everybody, and one page that says what does not work offline. No answer is ever kept beside those.
const { SHELL } = self; // set by the lines that the server puts before these

self.addEventListener("install", (event) => {
  // Past the browser's own cache: the offline page has no name of its content.
  const wanted = [...SHELL.files, SHELL.offline].map((file) => new Request(file, { cache: "no-cache" }));
  event.waitUntil(caches.open(SHELL.name).then((kept) => kept.addAll(wanted)));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(takeOver());
});

// Files are named by their content, so pages drawn before an upgrade and after it never mix. Those of the
// version before stay until the next upgrade: a page that is still open may ask for one more of its own.
async function takeOver() {
  const old = (await caches.keys()).filter((name) => name.startsWith("shell-") && name !== SHELL.name);
  await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event,
    address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (/^\/(assets|static)\//.test(address.pathname)) event.respondWith(file(request));
});

async function page(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(SHELL.offline)) ?? Response.error();
  }
}

async function file(request) {
  return (await caches.match(request)) ?? fetch(request);
}

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    // not from us: it is shown without words, as a push that shows nothing would cost the permission
  }
  event.waitUntil(
    self.registration.showNotification(told.title ?? "MajorOps", {
      icon: SHELL.icon,
      badge: SHELL.badge,
      tag: told.tag,
      renotify: Boolean(told.tag),
      data: { path: told.path },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.path));
});

// The tab that shows this page already comes to the front, and goes to the place; else a new one.
async function open(path) {
  const wanted = new URL(path ?? "/", self.location.origin);
  if (wanted.origin !== self.location.origin) return;
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const same = windows.find((one) => new URL(one.url).pathname === wanted.pathname);
  if (!same) return self.clients.openWindow(wanted.href);
  const front = await same.focus();
  if (wanted.hash) front.postMessage({ place: wanted.hash });
}
