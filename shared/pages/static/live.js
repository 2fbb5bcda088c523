// Keeps a page true while it is open: what the server marks `data-live` (each with an id) is replaced when something
// changed; what the reader is doing (focus, typed text, selection, open details) is kept.
// Without this script the page is simply as true as when it was loaded.

const RENEW = 4 * 60 * 1000; // The pass runs out after five minutes; any page renews it.
const GATHER = 100; // Changes that come together are fetched once.
const SPEAK = 60 * 1000;
const RETRY = 5000;

const address = document.querySelector('meta[name="afterword-live"]')?.content;
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

function show(fresh) {
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
async function fetchPage() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  // A renewal that failed ends at the sign-in page: go there as a reader would.
  if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return location.reload();
  if (!answer.ok) throw new Error(String(answer.status));
  if (show(new DOMParser().parseFromString(await answer.text(), "text/html"))) setTimeout(refresh, 1000);
  connection("page", true);
}

export function refresh() {
  if (running) { again = true; return running; }
  running = fetchPage().catch(() => connection("page", false)).finally(() => {
    running = null;
    if (again) { again = false; soon(); }
  });
  return running;
}

let timer = null;
function soon() {
  timer ??= setTimeout(() => { timer = null; refresh(); }, GATHER);
}

function listen() {
  const stream = new EventSource(address);
  let lost = false;
  stream.addEventListener("open", () => { if (lost) soon(); lost = false; connection("stream", true); });
  stream.addEventListener("change", soon);
  stream.addEventListener("online", () => { connection("stream", true); soon(); });
  stream.addEventListener("offline", () => connection("stream", false));
  stream.addEventListener("error", () => {
    lost = true;
    // A short break heals by itself before anybody reads of it.
    setTimeout(() => { if (lost) connection("stream", false); }, RETRY);
    if (stream.readyState === EventSource.CLOSED) {
      // Refused, most often for an old pass: loading the page renews it.
      stream.close();
      setTimeout(() => refresh().then(listen), RETRY);
    }
  });
  addEventListener("pagehide", () => stream.close(), { once: true });
}

if (address) listen();
setInterval(refresh, RENEW);
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
