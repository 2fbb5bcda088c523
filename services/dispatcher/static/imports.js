// Sends a file as it is, which a form cannot, and shows how far a file is until it has ended.

const POLL_INTERVAL_MS = 2000;

const form = document.querySelector("form[data-upload]");
if (form) {
  const refused = form.querySelector("[data-refused]");
  const file = form.querySelector("#file");
  const send = form.querySelector("[data-send]");
  form.querySelector("[data-file]").hidden = false;

  const refuse = (words) => {
    refused.firstElementChild.textContent = words;
    refused.hidden = false;
  };

  send.addEventListener("click", async () => {
    const [chosen] = file.files;
    if (!chosen) {
      file.focus();
      return;
    }
    send.disabled = true;
    refused.hidden = true;
    const query = new URLSearchParams({ kind: form.elements.kind.value, name: chosen.name.slice(0, 200) });
    try {
      const response = await fetch(`${form.dataset.upload}?${query}`, {
        method: "POST",
        headers: { "Content-Type": "text/csv", Accept: "application/json", "X-CSRF": form.elements.csrf.value },
        body: chosen,
      });
      const answer = await response.json();
      if (response.ok) {
        location.assign(`/imports/${answer.id}`);
        return;
      }
      refuse(answer.detail ?? answer.errors?.[0]?.detail ?? answer.title ?? form.dataset.failed);
    } catch {
      refuse(form.dataset.failed);
    }
    send.disabled = false;
  });
}

async function follow() {
  const shown = document.getElementById("progress");
  if (!shown || !("running" in shown.dataset)) return;
  try {
    const response = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (response.ok && !response.redirected) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const next = page.getElementById("progress");
      if (next && !("running" in next.dataset)) {
        location.reload(); // The faults and their file are there now.
        return;
      }
      if (next) shown.replaceWith(next);
    }
  } catch {
    // The network is away for a moment: the next look tells.
  }
  setTimeout(follow, POLL_INTERVAL_MS);
}

setTimeout(follow, POLL_INTERVAL_MS);
