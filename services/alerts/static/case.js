// After something was done the page stands where it stood; a button of the bar opens its form without loading the page,
// and a text block is inserted at the cursor.

const KEY = "afterword-place";
const place = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
sessionStorage.removeItem(KEY);
if (place && place.path === location.pathname && !document.querySelector(".faults")) {
  // The address names a part of the page for who has no script; it is gone to before the page is loaded.
  const stand = () => scrollTo({ top: place.top, behavior: "instant" });
  if (document.readyState === "complete") stand();
  else addEventListener("load", stand, { once: true });
}

addEventListener("submit", () => {
  sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, top: scrollY }));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".act-bar a[href^='?do=']");
  const form = link && document.getElementById(link.hash.slice(1));
  if (!form || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  form.open = true;
  form.scrollIntoView({ block: "start" });
  form.querySelector("textarea, select, input:not([type=hidden])")?.focus({ preventScroll: true });
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-block]");
  const field = link && document.getElementById(link.dataset.into);
  const block = link && document.getElementById(link.dataset.block);
  if (!field || !block || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  field.setRangeText(block.content.textContent, field.selectionStart, field.selectionEnd, "end");
  link.closest("details").open = false;
  field.focus();
});
