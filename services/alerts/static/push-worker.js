// Shows the messages that a colleague gets in this browser. It keeps nothing, and serves no page.

addEventListener("push", (event) => {
  let told;
  try {
    told = event.data.json();
  } catch {
    return;
  }
  event.waitUntil(
    registration.showNotification(told.title, {
      body: told.body,
      tag: told.tag,
      renotify: true,
      data: { path: told.path },
    }),
  );
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  const address = new URL(event.notification.data.path, location.origin);
  if (address.origin === location.origin) event.waitUntil(open(address.href));
});

async function open(address) {
  const windows = await clients.matchAll({ type: "window" });
  const there = windows.find((each) => each.url === address);
  await (there ? there.focus() : clients.openWindow(address));
}
