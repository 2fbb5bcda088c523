// Saves a score as soon as it is chosen: a pointer's at once, a keyboard's when it leaves the scale, since its arrows
// pass over the numbers between. Without this script everything waits for Send.

const form = document.getElementById("survey");
const scale = form.querySelector(".scale");
const saved = document.getElementById("saved");

let byPointer = false;
let unsaved = false;
let last = Promise.resolve();
let underWay = 0;

const chosen = () => form.querySelector('input[name="score"]:checked')?.value;

async function post(score) {
  const body = new URLSearchParams({ action: "choose", score, nonce: form.elements.nonce.value, language: form.elements.language.value });
  let taken = false;
  try {
    // Not form.action: the button of that name stands before it.
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, keepalive: true, signal: AbortSignal.timeout(5000) });
    taken = answer.ok;
  } catch { /* Away from the network: Send will tell. */ }
  // A later choice is under way: only it is told.
  if (score === chosen()) saved.textContent = taken ? saved.dataset.saved.replace("{score}", score) : saved.dataset.unsaved;
}

function save() {
  const score = chosen();
  unsaved = false;
  // One after the other, so that the last choice stands.
  if (score === undefined) return;
  underWay += 1;
  last = last.then(() => post(score)).finally(() => { underWay -= 1; });
}

scale.addEventListener("pointerdown", () => { byPointer = true; });
scale.addEventListener("keydown", () => { byPointer = false; });
scale.addEventListener("click", (event) => {
  if (event.target.name !== "score") return;
  if (byPointer) save(); else unsaved = true;
});
scale.addEventListener("focusout", (event) => {
  if (unsaved && !scale.contains(event.relatedTarget)) save();
});
// Send carries the score itself; it waits for what is under way, lest an earlier choice arrive after it.
form.addEventListener("submit", (event) => {
  unsaved = false;
  if (underWay === 0) return;
  event.preventDefault();
  last.then(() => form.requestSubmit(event.submitter));
});

document.querySelector(".faults[tabindex]")?.focus();
