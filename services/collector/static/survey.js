// Saves the form while the customer fills it in, so that leaving the page loses nothing. Loading the page saves nothing,
// and neither does a script: only trusted events count (event.isTrusted), so a machine that opens the link of a mail, or
// runs this page, answers nothing. Without this script the form is posted by Send alone.
//
// A choice by pointer is saved at once, one by keyboard when the focus leaves the scale, since the arrow keys pass over
// the scores between; text after a pause in typing. Every request carries the whole form and a sequence number, so it
// does not matter which of them arrive, and in which order.
//
// A page of an anonymous survey is the only one that can change its answer: when it is left, the answer is final.

const form = document.getElementById("survey");
const scale = form.querySelector(".scale");
const status = document.getElementById("saved");

const TYPING_PAUSE_MS = 1000; // without a key: then the text is saved
const MAX_UNSAVED_MS = 4000; // of typing without a pause
const RETRY_MS = 5000; // after a request that failed
const MAX_KEEPALIVE_BYTES = 60_000; // that a browser still sends for a page that was left

// A score in the link that would change an answer waits for Send, as the page says; what is done on the page does not.
let touched = "answered" in form.dataset;
let byPointer = false;
let chosenByKey = false;
let dirty = false;
let sending = false;
let requests = Promise.resolve();
let pending = 0;
let timer = 0;
let since = 0;

const chosen = () => form.querySelector('input[name="score"]:checked');

function body(action) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    // Of the three follow-up questions only the visible one.
    if (name.startsWith("follow_up_") && !form.elements[name].checkVisibility?.() && value === "") continue;
    fields.append(name, value); // Several boxes may share a name.
  }
  fields.set("action", action);
  return fields;
}

async function post(action = "keep") {
  const score = chosen()?.value;
  if (score === undefined || (!dirty && action === "keep")) return;
  dirty = false;
  form.elements.seq.value = Number(form.elements.seq.value) + 1;
  const fields = body(action);
  let reply = null;
  try {
    // Not form.action: that is the button of this name.
    const keepalive = fields.toString().length < MAX_KEEPALIVE_BYTES;
    const response = await fetch(form.getAttribute("action"), { method: "POST", body: fields, keepalive, signal: AbortSignal.timeout(5000) });
    if (response.ok) reply = await response.json();
    else if (response.status < 500 && response.status !== 429) reply = { conflict: true }; // Only Send can show what is wrong.
  } catch { /* No network: it is retried, and Send will show it. */ }
  if (reply?.drawn) form.elements.drawn.value = reply.drawn;
  if (reply === null) {
    dirty = true;
    saveLater(RETRY_MS);
  }
  // A later choice is on its way: its own request will show it.
  if (score !== chosen()?.value) return;
  const hasText = [...fields].some(([name, value]) => value && (name === "comment" || /^(follow_up|q)_/.test(name)));
  const template = reply === null || reply.conflict ? status.dataset.unsaved : hasText ? status.dataset.kept : status.dataset.saved;
  const sentence = template.replace("{score}", reply?.saved ?? score);
  if (status.textContent !== sentence) status.textContent = sentence;
}

// One request after the other, so that the status shows the last one.
function save() {
  clearTimeout(timer);
  timer = since = 0;
  touched = true;
  if (!dirty || sending) return;
  pending += 1;
  requests = requests.then(() => post()).finally(() => { pending -= 1; });
}

function saveLater(delay) {
  const now = performance.now();
  since ||= now;
  clearTimeout(timer);
  timer = setTimeout(save, Math.max(0, Math.min(delay, since + Math.max(delay, MAX_UNSAVED_MS) - now)));
}

// By this field a person's answer is told from that of a machine which presses Send by a script.
const hand = form.elements.touched;
if (hand) hand.value = "0"; // A page of an earlier version has no such field.
function handSeen(event) {
  if (hand && event.isTrusted) hand.value = "1";
}
const SIGNS_OF_A_HAND = ["pointerdown", "touchstart", "keydown", "wheel"];
for (const sign of [...SIGNS_OF_A_HAND, "click", "input"]) {
  addEventListener(sign, handSeen, { passive: true, capture: true });
}

// The first sign of a person: the score in the link is theirs.
function personActed(event) {
  if (!event.isTrusted || touched) return;
  touched = true;
  if (!chosen()) return;
  dirty = true;
  if (event.target.closest?.("button")) return; // It posts the form itself.
  if (event.type === "keydown" && scale.contains(event.target) && event.key !== "Tab") chosenByKey = true;
  else save();
}
for (const sign of SIGNS_OF_A_HAND) {
  addEventListener(sign, personActed, { passive: true, capture: true });
}

scale.addEventListener("pointerdown", () => { byPointer = true; });
scale.addEventListener("keydown", () => { byPointer = false; });
form.addEventListener("input", (event) => {
  if (!event.isTrusted) return;
  dirty = true;
  if (event.target.name === "score") {
    if (byPointer) save(); else chosenByKey = true;
  } else if (event.target.name === "may_contact") save();
  else saveLater(TYPING_PAUSE_MS);
});
scale.addEventListener("focusout", (event) => {
  if (chosenByKey && !scale.contains(event.relatedTarget)) {
    chosenByKey = false;
    save();
  }
});

// When the page is left, what is unsaved is posted now, without waiting for earlier requests.
function leave() {
  if (sending || !dirty) return;
  clearTimeout(timer);
  post();
}
function close() {
  if (!sending && touched) post("close");
}
addEventListener("pagehide", "anonymous" in form.dataset ? close : leave);
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") leave(); });
addEventListener("pageshow", (event) => {
  sending = false;
  if (event.persisted && "anonymous" in form.dataset) location.reload(); // The answer was final.
});

// Send posts everything, with a sequence number of its own; it waits for earlier requests, so that it comes last.
form.addEventListener("submit", (event) => {
  clearTimeout(timer);
  dirty = false;
  if (pending > 0) {
    event.preventDefault();
    requests.then(() => form.requestSubmit(event.submitter));
    return;
  }
  form.elements.seq.value = Number(form.elements.seq.value) + 1;
  sending = true;
});

document.querySelector(".faults[tabindex]")?.focus();
