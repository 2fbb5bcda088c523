// Single keys for the list and for a case. They can be switched off in the help, and do nothing in a field (WCAG 2.1.4).

const SWITCH = "afterword-keys";
const help = document.getElementById("keys");
const box = document.getElementById("keys-on");

// A browser may keep no storage for us: then the keys are on until the page is left.
let on = true;
try { on = localStorage.getItem(SWITCH) !== "off"; } catch { /* It stays on. */ }
box.checked = on;
box.addEventListener("change", () => {
  on = box.checked;
  try { localStorage.setItem(SWITCH, on ? "on" : "off"); } catch { /* Until the page is left. */ }
});
for (const button of document.querySelectorAll("[data-keys-open]")) {
  button.hidden = false;
  button.addEventListener("click", () => help.showModal());
}
help.querySelector("[data-keys-close]").addEventListener("click", () => help.close());

const rows = () => [...document.querySelectorAll(".case[id]")];
const link = (row) => row.querySelector(".said a");
const current = () => document.activeElement?.closest(".case[id]");

function move(step) {
  const all = rows();
  const place = all.indexOf(current());
  const next = all[place < 0 ? 0 : Math.min(all.length - 1, Math.max(0, place + step))];
  if (!next) return;
  link(next).focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function choose(row = current()) {
  const tick = row?.querySelector("input[name='case']");
  if (!tick) return;
  tick.checked = !tick.checked;
  tick.dispatchEvent(new Event("change", { bubbles: true }));
}

// On the list: what is chosen, else the row on which one stands.
function take() {
  const button = document.querySelector("[data-key='t']");
  if (!button) return;
  if (rows().length && !document.querySelector("input[name='case']:checked")) choose();
  if (!rows().length || document.querySelector("input[name='case']:checked")) button.click();
}

function close() {
  const row = current();
  if (!row) return document.querySelector("[data-key='c']")?.click();
  const address = new URL(link(row).href);
  address.searchParams.set("do", "close");
  address.hash = "act-close";
  location.assign(address);
}

const does = {
  j: () => move(1),
  k: () => move(-1),
  o: () => { const row = current(); if (row) link(row).click(); },
  x: () => choose(),
  t: take,
  c: close,
  n: () => document.querySelector("[data-key='n']")?.click(),
  "/": () => document.getElementById("q")?.focus(),
  "?": () => help.showModal(),
};

// A list or a menu answers to letters itself, so no key is taken from one.
const takesKeys = (target) => target.closest?.("input:not([type='checkbox']), textarea, select, [contenteditable], dialog[open]");

document.addEventListener("keydown", (event) => {
  if (!on || event.defaultPrevented || event.isComposing || event.repeat && !"jk".includes(event.key)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || takesKeys(event.target)) return;
  const act = Object.hasOwn(does, event.key) && does[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
