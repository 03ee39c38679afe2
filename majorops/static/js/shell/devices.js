// Push messages on this device: switched on by a press, and only then is the browser's permission asked for.
const box = document.querySelector("[data-push]");

async function start() {
  const form = box.querySelector("form"),
    said = box.querySelector("[data-said]"),
    problem = box.querySelector("[role=alert]");
  const here = await state();
  say(here);
  form.hidden = here.isOver;
  form.addEventListener("submit", (event) => {
    if (form.dataset.ready) return;
    event.preventDefault();
    switchOn(form).catch((error) => {
      problem.textContent = why(error);
      form.querySelector("button").disabled = false;
    });
  });

  function say({ words, isWrong }) {
    said.textContent = words;
    said.classList.toggle("way__fails", Boolean(isWrong));
  }
}

async function state() {
  if (!globalThis.isSecureContext)
    return {
      isOver: true,
      isWrong: true,
      words: "Not here: browsers take push messages over https:// only.",
    };
  const isApple = /iPhone|iPad|iPod/.test(navigator.userAgent) || isTouchMac();
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    const words = isApple
      ? "Not in a tab: on an iPhone or iPad press Share, Add to Home Screen, and open MajorOps from there."
      : "This browser does not support push messages, or a private window does not.";
    return { isOver: true, isWrong: true, words };
  }
  if (Notification.permission === "denied") {
    const words =
      "This browser refuses notifications from this site. Allow them in its settings, then reload.";
    return { isOver: true, isWrong: true, words };
  }
  const subscription = await current();
  if (box.dataset.id && subscription && box.dataset.address === subscription.endpoint && isOurs(subscription))
    return { isOver: true, words: "Switched on: messages to you are shown on this device." };
  if (box.dataset.id)
    return { isWrong: true, words: "This browser does not take messages any more. Switch it on again." };
  return { words: "Off on this device." };
}

const isTouchMac = () => navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1;

async function current() {
  const worker = await navigator.serviceWorker.getRegistration("/admin/");
  return (await worker?.pushManager.getSubscription()) ?? null;
}

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const isOurs = (subscription) => {
  const key = subscription.options?.applicationServerKey;
  return !key || text(key) === box.dataset.push;
};

async function switchOn(form) {
  form.querySelector("button").disabled = true;
  const permission = await Notification.requestPermission();
  if (permission !== "granted") throw new DOMException(permission, "NotAllowedError");
  await navigator.serviceWorker.register("/worker.js", { scope: "/admin/", updateViaCache: "none" });
  const worker = await navigator.serviceWorker.ready;
  let subscription = await worker.pushManager.getSubscription();
  if (subscription && !isOurs(subscription)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  const wanted = { userVisibleOnly: true, applicationServerKey: bytes(box.dataset.push) };
  subscription ??= await worker.pushManager.subscribe(wanted);
  form.elements.address.value = subscription.endpoint;
  form.elements.key.value = text(subscription.getKey("p256dh"));
  form.elements.auth.value = text(subscription.getKey("auth"));
  form.dataset.ready = "yes";
  form.submit();
}

function why(error) {
  if (error.name === "NotAllowedError" && Notification.permission === "denied")
    return "The browser refused: this site's notifications are blocked. Allow them there, then reload.";
  if (error.name === "NotAllowedError")
    return "Nothing was switched on: the question was closed without an answer.";
  const said = error.message || error.name;
  return `This browser could not switch it on: ${said}. Its push service may be out of reach.`;
}

if (box) start();
