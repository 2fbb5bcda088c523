// Keeps a page true while it is open: what the server marks `data-live` (each with an id) is replaced when something
// changed; what the reader is doing (focus, typed text, selection, open details) is kept.
// Without this script the page is simply as true as when it was loaded.

const RENEW = 4 * 60 * 1000; // The pass runs out after five minutes; any page renews it.
const GATHER = 100; // Changes that come together are fetched once.
const REST = 1000; // Between two loadings, and four times as long as the last one took: many changes cost no more.
const LONGEST_REST = 20 * 1000;
const SPEAK = 60 * 1000;
const RETRY = 5000;

const live = document.querySelector('meta[name="afterword-live"]');
const offline = document.getElementById("offline");
const said = document.getElementById("said");

const clock = () => new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: offline.dataset.zone });

// The page is true while both its stream and its last loading are well.
const well = { stream: true, page: true };
function connection(part, good) {
  well[part] = good;
  const up = well.stream && well.page;
  if (!offline || offline.hidden === up) return;
  offline.hidden = up;
  offline.textContent = up ? "" : offline.dataset.words.replace("{time}", clock());
}

const marked = (root) => [...root.querySelectorAll("[data-live][id]")].filter((part) => !part.parentElement.closest("[data-live]"));
const controls = (root) => [...root.querySelectorAll("input, textarea, select")];
const nameOf = (node) => node.id || `${node.name}=${node.type === "radio" || node.type === "checkbox" ? node.value : ""}`;

function touched(control) {
  if (control instanceof HTMLSelectElement) return [...control.options].some((option) => option.selected !== option.defaultSelected);
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

// Parts that came or went change the page itself: it is loaded anew, unless the reader is in the middle of something.
function isAnother(fresh) {
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
  speak(words);
  return waiting;
}

// What the server sent, not what the browser made of it since (an opened menu is no news).
const before = new Map(marked(document).map((part) => [part.id, part.outerHTML]));

let spokenAt = 0;
let spoken = document.querySelector("[data-say]")?.textContent;
function speak(words) {
  if (!said || !words || words === spoken || Date.now() - spokenAt < SPEAK) return;
  spoken = words;
  spokenAt = Date.now();
  said.textContent = words;
}

let running = null;
let again = false;
let rested = 0; // When the page may be loaded again.
let loaded = performance.timeOrigin; // From when what is shown is.
async function fetchPage() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  // A renewal that failed ends at the sign-in page: go there as a reader would.
  if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return location.reload();
  if (!answer.ok) throw new Error(String(answer.status));
  if (show(new DOMParser().parseFromString(await answer.text(), "text/html"))) soon();
  connection("page", true);
}

export function refresh() {
  if (running) { again = true; return running; }
  const began = loaded = Date.now();
  running = fetchPage().catch(() => connection("page", false)).finally(() => {
    const now = Date.now();
    rested = now + Math.min(LONGEST_REST, Math.max(REST, 4 * (now - began)));
    running = null;
    if (again) { again = false; soon(); }
  });
  return running;
}

const hidden = () => document.visibilityState === "hidden";

let timer = null;
function soon() {
  if (hidden()) return; // It is loaded when it is looked at.
  if (running) { again = true; return; } // The rest begins when it has ended.
  timer ??= setTimeout(() => { timer = null; if (!hidden()) refresh(); }, Math.max(GATHER, rested - Date.now()));
}

// All tabs of a browser share the streams of one hub, a shared worker, since a browser has six connections for an
// address over HTTP/1.1. Where there is no such worker each page has a hub of its own.
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
      // A short break heals by itself before anybody reads of it.
      setTimeout(() => { if (lost && !hidden()) connection("stream", false); }, RETRY);
    }
    // Refused, most often for an old pass: loading the page renews it. Not all tabs at the same moment.
    if (event === "refused") setTimeout(() => { if (!hidden()) refresh().then(listen); }, RETRY * (0.5 + Math.random()));
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
setInterval(() => { if (!hidden()) refresh(); }, RENEW);
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
