// The event streams that pages follow: one for each address, for any number of pages. Runs as a shared worker for all tabs
// of a browser, or inside a page where there are no shared workers. A page sends {listen: address, since: time of loading}
// and {leave: true}. It gets {event, id}: open, lost (the browser retries), refused (it does not), change, offline, online.

const streams = new Map();

function begin(address) {
  const source = new EventSource(address);
  const stream = { source, ports: new Set(), open: false, offline: false, changed: 0 };
  const tell = (event, id = null) => stream.ports.forEach((port) => port.postMessage({ event, id }));
  source.addEventListener("open", () => { stream.open = true; stream.offline = false; tell("open"); });
  source.addEventListener("change", ({ data }) => { stream.changed = Date.now(); tell("change", JSON.parse(data).id); });
  source.addEventListener("offline", () => { stream.offline = true; tell("offline"); });
  source.addEventListener("online", () => { stream.offline = false; tell("online"); });
  source.addEventListener("error", () => {
    stream.open = false;
    const refused = source.readyState === EventSource.CLOSED;
    if (refused && streams.get(address) === stream) streams.delete(address);
    tell(refused ? "refused" : "lost");
  });
  return stream;
}

function listen(port, address, since) {
  leave(port);
  const stream = streams.get(address) ?? begin(address);
  streams.set(address, stream);
  stream.ports.add(port);
  // A change that arrived while the page was loading.
  if (stream.changed >= since) port.postMessage({ event: "change", id: null });
  if (stream.open) port.postMessage({ event: stream.offline ? "offline" : "open", id: null });
}

function leave(port) {
  for (const [address, stream] of streams) {
    if (!stream.ports.delete(port) || stream.ports.size) continue;
    stream.source.close();
    streams.delete(address);
  }
}

export function connect(port) {
  port.onmessage = ({ data }) => (data.listen ? listen(port, data.listen, data.since) : leave(port));
  port.addEventListener("close", () => leave(port));
}

if (typeof SharedWorkerGlobalScope !== "undefined") self.onconnect = ({ ports: [port] }) => connect(port);
