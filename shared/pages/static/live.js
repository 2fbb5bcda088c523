// Updates a page while it is open: elements with `data-live` and an id are replaced when something has changed. What the
// user is doing (focus, typed text, selection, open details) is kept. Without this script a page stays as it was loaded.

const RENEWAL_INTERVAL_MS = 4 * 60 * 1000; // The pass expires after five minutes; loading any page renews it.
const GATHER_DELAY_MS = 100; // Changes that arrive together are fetched once.
const MIN_PAUSE_MS = 1000; // Between two loads, and at least four times as long as the last load took.
const MAX_PAUSE_MS = 20 * 1000;
const ANNOUNCE_INTERVAL_MS = 60 * 1000;
const RETRY_DELAY_MS = 5000;

const live = document.querySelector('meta[name="afterword-live"]');
const offline = document.getElementById("offline");
const said = document.getElementById("said");

const clock = () => new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: offline.dataset.zone });

// The page is current while its stream is open and its last load has succeeded.
const working = { stream: true, page: true };
function connection(part, good) {
  working[part] = good;
  const up = working.stream && working.page;
  if (!offline || offline.hidden === up) return;
  offline.hidden = up;
  offline.textContent = up ? "" : offline.dataset.words.replace("{time}", clock());
}

const marked = (root) => [...root.querySelectorAll("[data-live][id]")].filter((part) => !part.parentElement.closest("[data-live]"));
const controls = (root) => [...root.querySelectorAll("input, textarea, select")];
const nameOf = (node) => node.id || `${node.name}=${node.type === "radio" || node.type === "checkbox" ? node.value : ""}`;

function touched(control) {
  if (control instanceof HTMLSelectElement) {
    const options = [...control.options];
    // Where the page chooses none, a browser chooses the first.
    if (!control.multiple && !options.some((option) => option.defaultSelected)) return control.selectedIndex > 0;
    return options.some((option) => option.selected !== option.defaultSelected);
  }
  return control.type === "checkbox" || control.type === "radio" ? control.checked !== control.defaultChecked : control.value !== control.defaultValue;
}

function keep(part) {
  const active = part.contains(document.activeElement) ? document.activeElement : null;
  const focusable = [...part.querySelectorAll("a, button, input, select, textarea, summary")];
  return {
    open: [...part.querySelectorAll("details")].map((details) => [details.id, details.open]),
    typed: controls(part).filter(touched).map((control) => [nameOf(control), control.value, control.checked]),
    focus: active && { name: active.id || active.name ? nameOf(active) : null, href: active.getAttribute("href"), place: focusable.indexOf(active),
      from: active.selectionStart ?? null, to: active.selectionEnd ?? null },
  };
}

function restore(part, kept) {
  const details = [...part.querySelectorAll("details")];
  kept.open.forEach(([id, open], place) => {
    const here = id ? details.find((one) => one.id === id) : details[place];
    if (here) here.open = open;
  });
  for (const [name, value, checked] of kept.typed) {
    const control = controls(part).find((one) => nameOf(one) === name);
    if (!control) continue;
    if (control.type === "checkbox" || control.type === "radio") control.checked = checked;
    else control.value = value;
  }
  if (!kept.focus) return;
  const focusable = [...part.querySelectorAll("a, button, input, select, textarea, summary")];
  const { name, href, place, from, to } = kept.focus;
  const target = focusable.find((one) => (name ? nameOf(one) === name : href && one.getAttribute("href") === href)) ?? focusable[place];
  target?.focus({ preventScroll: true });
  if (from !== null && target?.setSelectionRange) {
    try { target.setSelectionRange(from, to); } catch { /* A field of this type has no selection to keep. */ }
  }
}

const busy = (part) => {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && part.contains(selection.anchorNode);
};

// New or missing parts need a reload of the page, unless the user is typing or selecting, or reads what was refused: such a
// page has what they typed, and loading it anew would send that again.
function isAnother(fresh) {
  if (document.querySelector(".faults, .slip.bad:not(#offline)")) return false;
  const parts = (root) => marked(root).map((part) => part.id).join();
  return parts(fresh) !== parts(document) && !controls(document).some(touched) && document.getSelection().isCollapsed;
}

function show(fresh) {
  if (isAnother(fresh)) { location.reload(); return false; }
  let waiting = false;
  const words = fresh.querySelector("[data-say]")?.textContent;
  for (const part of marked(document)) {
    const now = fresh.getElementById(part.id);
    if (!now || now.outerHTML === before.get(part.id)) continue;
    if (busy(part)) { waiting = true; continue; }
    const kept = keep(part);
    before.set(part.id, now.outerHTML);
    const next = document.adoptNode(now);
    part.replaceWith(next);
    restore(next, kept);
  }
  if (fresh.title) document.title = fresh.title;
  announce(words);
  return waiting;
}

// As the server sent it, not as it is now: a menu that the user has opened is not a change.
const before = new Map(marked(document).map((part) => [part.id, part.outerHTML]));

let announcedAt = 0;
let announced = document.querySelector("[data-say]")?.textContent;
function announce(words) {
  if (!said || !words || words === announced || Date.now() - announcedAt < ANNOUNCE_INTERVAL_MS) return;
  announced = words;
  announcedAt = Date.now();
  said.textContent = words;
}

let running = null;
let again = false;
let nextLoadAt = 0;
let loaded = performance.timeOrigin; // When the shown content was requested.
async function fetchPage() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  // A renewal that failed redirects to the sign-in page: show it.
  if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return location.reload();
  // A page that is there no more, and says that it can end, shows nothing of before.
  if (answer.status === 404 && live && "ends" in live.dataset) return location.reload();
  if (!answer.ok) throw new Error(String(answer.status));
  if (show(new DOMParser().parseFromString(await answer.text(), "text/html"))) soon();
  connection("page", true);
}

export function refresh() {
  if (running) { again = true; return running; }
  const began = loaded = Date.now();
  running = fetchPage().catch(() => connection("page", false)).finally(() => {
    const now = Date.now();
    nextLoadAt = now + Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, 4 * (now - began)));
    running = null;
    if (again) { again = false; soon(); }
  });
  return running;
}

const hidden = () => document.visibilityState === "hidden";

let timer = null;
function soon() {
  if (hidden()) return; // It is loaded when it becomes visible.
  if (running) { again = true; return; } // The pause begins when the load has ended.
  timer ??= setTimeout(() => { timer = null; if (!hidden()) refresh(); }, Math.max(GATHER_DELAY_MS, nextLoadAt - Date.now()));
}

// All tabs of a browser share the streams of one hub, a shared worker, since a browser opens only six connections to an
// address over HTTP/1.1. Without shared workers each page has a hub of its own.
function hub(script, receive) {
  let port = null;
  let wanted = null;
  const use = (found) => {
    port = found;
    port.onmessage = ({ data }) => receive(data);
    if (wanted) port.postMessage(wanted);
  };
  const own = async () => {
    const { connect } = await import(script);
    const channel = new MessageChannel();
    connect(channel.port2);
    use(channel.port1);
  };
  if (globalThis.SharedWorker) {
    const worker = new SharedWorker(script, { type: "module" });
    worker.addEventListener("error", own, { once: true });
    use(worker.port);
  } else own();
  return (message) => { wanted = message; port?.postMessage(message); };
}

function follow(address, only, script) {
  let lost = false;
  const found = () => { lost = false; connection("stream", true); };
  const tell = hub(script, ({ event, id }) => {
    if (event === "change" && (!only || !id || id === only)) soon();
    if (event === "online" || (event === "open" && lost)) soon();
    if (event === "online" || event === "open") found();
    if (event === "offline") connection("stream", false);
    if (event === "lost" || event === "refused") {
      lost = true;
      // A short break ends by itself before it is shown.
      setTimeout(() => { if (lost && !hidden()) connection("stream", false); }, RETRY_DELAY_MS);
    }
    // Refused, mostly because the pass has expired: loading the page renews it. Not all tabs at the same moment.
    if (event === "refused") setTimeout(() => { if (!hidden()) refresh().then(listen); }, RETRY_DELAY_MS * (0.5 + Math.random()));
  });
  const listen = () => { if (!hidden()) tell({ listen: address, since: loaded }); };
  document.addEventListener("visibilitychange", () => {
    if (hidden()) tell({ leave: true });
    else { listen(); soon(); }
  });
  addEventListener("pagehide", () => tell({ leave: true }));
  listen();
}

if (live) follow(live.content, live.dataset.only, live.dataset.hub);
setInterval(() => { if (!hidden()) refresh(); }, RENEWAL_INTERVAL_MS);
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
