// Sends one event: AFTERWORD=https://afterword.example.com KEY=aw_… node send_event.mjs order-1   (Node 18 or newer)
// What may pass is tried again with the same body, and so the same id: the event counts once.

const TRIES = 8;
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

const body = JSON.stringify({
  id: process.argv[2] ?? "order-1",
  type: "order.delivered",
  occurred_at: new Date().toISOString(),
  customer: { id: "c-1", email: "karen@example.com" },
  segments: { touchpoint: "checkout" },
});

async function send() {
  const headers = { authorization: `Bearer ${process.env.KEY}`, "content-type": "application/json" };
  try {
    return await fetch(`${process.env.AFTERWORD}/v1/events`, {
      method: "POST", headers, body, redirect: "error", signal: AbortSignal.timeout(10_000),
    });
  } catch (error) {
    return { ok: false, status: 0, headers: new Headers(), text: async () => String(error.cause ?? error) };
  }
}

for (let tries = 1; ; tries += 1) {
  const response = await send();
  if (response.ok) {
    const { id, status, see } = await response.json();
    console.log(`${id} ${status}, see ${see}`);
    break;
  }
  const mayPass = response.status === 0 || PASSING.has(response.status);
  if (!mayPass || tries === TRIES) {
    const advice = mayPass ? "Send the same event again later, it counts once" : "Mend the event and send it again";
    console.error(`${advice}: ${response.status} ${await response.text()}`);
    process.exit(1);
  }
  // A random part of 0.5, 1, 2, … 30 seconds, and never less than Retry-After.
  const longest = Math.min(30_000, 500 * 2 ** (tries - 1));
  const asked = Number(response.headers.get("retry-after") ?? 0) * 1000 || 0;
  await new Promise((done) => setTimeout(done, Math.max(longest * Math.random(), asked)));
}
