// The list is replaced when something changed: the row that is being read stays where it stands on the screen.

let anchor = null;

function note() {
  anchor = null;
  for (const row of document.querySelectorAll(".case[id]")) {
    const { top, bottom } = row.getBoundingClientRect();
    if (bottom > 0) {
      anchor = { id: row.id, top };
      return;
    }
  }
}

function hold() {
  const row = anchor && scrollY > 0 && document.getElementById(anchor.id);
  if (row) scrollBy({ top: row.getBoundingClientRect().top - anchor.top, behavior: "instant" });
  note();
}

addEventListener("scroll", note, { passive: true });
addEventListener("resize", note, { passive: true });
const list = document.getElementById("cases")?.parentElement;
if (list) new MutationObserver(hold).observe(list, { childList: true });
note();
