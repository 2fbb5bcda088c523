// Switches messages on for this browser: it asks the browser for an address, and posts that as a form.

const part = document.getElementById("push");
const form = document.getElementById("push-form");

function bytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (each) => each.charCodeAt(0));
}

function show(name) {
  for (const each of part.querySelectorAll("[data-push]")) each.hidden = each.dataset.push !== name;
}

async function subscribe() {
  const worker = await navigator.serviceWorker.register(part.dataset.worker, { scope: "/" });
  await navigator.serviceWorker.ready;
  const before = await worker.pushManager.getSubscription();
  if (before) await before.unsubscribe(); // it may be bound to another key, or known for somebody else
  const made = await worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytes(part.dataset.key),
  });
  const { endpoint, keys } = made.toJSON();
  form.elements.endpoint.value = endpoint;
  form.elements.p256dh.value = keys.p256dh;
  form.elements.auth.value = keys.auth;
  HTMLFormElement.prototype.submit.call(form);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if ((await Notification.requestPermission()) !== "granted") {
    show("denied");
    return;
  }
  try {
    await subscribe();
  } catch (error) {
    console.warn("push", error);
    show("failed");
  }
});

if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) show("missing");
else if (Notification.permission === "denied") show("denied");
else show("on");
