// Keeps what a person chooses and writes, as they do it: nothing is lost by leaving the page. Loading it keeps nothing,
// and neither does a script: only what a person's hand does counts (event.isTrusted), so a machine that opens the link
// of a mail, or runs this page, answers nothing. Without this script everything waits for Send.
//
// A pointer's choice is kept at once, a keyboard's when it leaves the scale, since its arrows pass over the numbers
// between; text when the writing rests. Every request carries the whole form and its number, so that it does not matter
// which of them arrives, or last.

const form = document.getElementById("survey");
const scale = form.querySelector(".scale");
const status = document.getElementById("saved");

const RESTS = 1000; // ms without a key, and the words are kept
const LONGEST_UNKEPT = 4000; // ms of writing without a rest
const AGAIN = 5000; // ms until a request that got no answer is made again
const MOST_AT_LEAVING = 60_000; // bytes that a browser still sends for a page that is gone

// A score that was followed to change an answer waits for Send, as the page says; what is done on the page does not.
let touched = "answered" in form.dataset;
let byPointer = false;
let chosenByKey = false;
let dirty = false;
let sending = false;
let underWay = Promise.resolve();
let busy = 0;
let timer = 0;
let since = 0;

const chosen = () => form.querySelector('input[name="score"]:checked');

function body() {
  const told = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    // Of the three questions the one that is on the screen.
    if (name.startsWith("follow_up_") && !form.elements[name].checkVisibility?.() && value === "") continue;
    told.set(name, value);
  }
  told.set("action", "keep");
  return told;
}

async function post() {
  const score = chosen()?.value;
  if (score === undefined || !dirty) return;
  dirty = false;
  form.elements.seq.value = Number(form.elements.seq.value) + 1;
  const told = body();
  let kept = null;
  try {
    // Not form.action: the button of that name stands before it.
    const keepalive = told.toString().length < MOST_AT_LEAVING;
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: told, keepalive, signal: AbortSignal.timeout(5000) });
    if (answer.ok) kept = await answer.json();
    else if (answer.status < 500 && answer.status !== 429) kept = { conflict: true }; // Only Send can show what is wrong.
  } catch { /* Away from the network: it is tried again, and Send will tell. */ }
  if (kept?.drawn) form.elements.drawn.value = kept.drawn;
  if (kept === null) {
    dirty = true;
    later(AGAIN);
  }
  // A later choice is under way: only it is told.
  if (score !== chosen()?.value) return;
  const words = [...told].some(([name, value]) => value && (name === "comment" || name.startsWith("follow_up_")));
  const said = kept === null || kept.conflict ? status.dataset.unsaved : words ? status.dataset.kept : status.dataset.saved;
  const sentence = said.replace("{score}", kept?.saved ?? score);
  if (status.textContent !== sentence) status.textContent = sentence;
}

// One after the other, so that what is told is the last that was kept.
function keep() {
  clearTimeout(timer);
  timer = since = 0;
  touched = true;
  if (!dirty || sending) return;
  busy += 1;
  underWay = underWay.then(post).finally(() => { busy -= 1; });
}

function later(rest) {
  const now = performance.now();
  since ||= now;
  clearTimeout(timer);
  timer = setTimeout(keep, Math.max(0, Math.min(rest, since + Math.max(rest, LONGEST_UNKEPT) - now)));
}

// The first sign of a person: what the mail has chosen is theirs.
function met(event) {
  if (!event.isTrusted || touched) return;
  touched = true;
  if (!chosen()) return;
  dirty = true;
  if (event.target.closest?.("button")) return; // Which carries it.
  if (event.type === "keydown" && scale.contains(event.target) && event.key !== "Tab") chosenByKey = true;
  else keep();
}
for (const sign of ["pointerdown", "touchstart", "keydown", "wheel"]) {
  addEventListener(sign, met, { passive: true, capture: true });
}

scale.addEventListener("pointerdown", () => { byPointer = true; });
scale.addEventListener("keydown", () => { byPointer = false; });
form.addEventListener("input", (event) => {
  if (!event.isTrusted) return;
  dirty = true;
  if (event.target.name === "score") {
    if (byPointer) keep(); else chosenByKey = true;
  } else if (event.target.type === "radio") keep();
  else later(RESTS);
});
scale.addEventListener("focusout", (event) => {
  if (chosenByKey && !scale.contains(event.relatedTarget)) {
    chosenByKey = false;
    keep();
  }
});

// Whoever leaves takes nothing along: it goes now, and need not wait for its turn.
function leave() {
  if (sending || !dirty) return;
  clearTimeout(timer);
  post();
}
addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") leave(); });
addEventListener("pageshow", () => { sending = false; });

// Send carries everything itself, under a number of its own; it waits for what is under way, lest that come after it.
form.addEventListener("submit", (event) => {
  clearTimeout(timer);
  dirty = false;
  if (busy > 0) {
    event.preventDefault();
    underWay.then(() => form.requestSubmit(event.submitter));
    return;
  }
  form.elements.seq.value = Number(form.elements.seq.value) + 1;
  sending = true;
});

document.querySelector(".faults[tabindex]")?.focus();
