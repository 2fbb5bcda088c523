// Says that this case is open here, again and again while it is looked at, and shows who else has it open.

const form = document.getElementById("viewers-form");
const shown = document.getElementById("viewers");

function body(leaves) {
  const fields = new URLSearchParams(new FormData(form));
  fields.set("leaves", leaves);
  return fields;
}

async function look() {
  if (document.visibilityState === "hidden") return;
  try {
    const answer = await fetch(form.action, { method: "POST", body: body(""), headers: { Accept: "application/json" }, redirect: "error" });
    const { words } = answer.ok ? await answer.json() : { words: "" };
    if (shown.textContent !== words) shown.textContent = words;
  } catch {
    shown.textContent = ""; // Who else is there is not known while the connection is broken; the page says that it is.
  }
}

const leave = () => navigator.sendBeacon(form.action, body("yes"));

addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? leave() : look()));
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => event.persisted && look());
setInterval(look, form.dataset.seconds * 1000);
look();
