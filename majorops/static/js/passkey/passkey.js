// A form whose button asks the browser for a passkey and then sends what it answered.
const forms = [...document.querySelectorAll("form[data-passkey]")];
const UNFINISHED = "Not finished. Press again, or take another way.";
const WORDS = {
  NotAllowedError: UNFINISHED,
  InvalidStateError: "This device has a passkey for your account already.",
  SecurityError: "The browser allows no passkey at this address.",
  NotSupportedError: "This device makes no passkey that we take.",
};

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

function wanted(options) {
  const given = { ...options, challenge: bytes(options.challenge) };
  if (options.user) given.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) given.excludeCredentials = named(options.excludeCredentials);
  if (options.allowCredentials) given.allowCredentials = named(options.allowCredentials);
  return given;
}

// As JSON of the standard; some password managers' own answers know no toJSON.
function sent({ id, rawId, type, response }) {
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const found = names.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  return JSON.stringify({
    id,
    rawId: text(rawId),
    type,
    response: Object.fromEntries(found),
    clientExtensionResults: {},
  });
}

async function ask(form) {
  const say = form.querySelector("[data-passkey-say]"),
    answer = form.querySelector("[data-passkey-answer]"),
    publicKey = wanted(JSON.parse(form.dataset.options));
  say.textContent = "";
  try {
    answer.value = sent(await navigator.credentials[form.dataset.passkey]({ publicKey }));
    form.submit();
  } catch (error) {
    say.textContent = WORDS[error.name] ?? UNFINISHED;
  }
}

for (const form of forms) {
  const note = form.parentElement.querySelector("[data-passkey-note]");
  if (globalThis.PublicKeyCredential) {
    form.hidden = false;
    note.hidden = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
  } else note.textContent = "This browser knows no passkeys.";
}
