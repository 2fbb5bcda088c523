// The sentence above a page is a form: a changed choice is shown at once, and the focus stays on it.

const WAIT = 300;
const KEY = "afterword-focus";

for (const form of document.querySelectorAll("form.sentence")) {
  let timer = null;
  form.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLSelectElement)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      sessionStorage.setItem(KEY, event.target.name);
      form.requestSubmit();
    }, WAIT);
  });
}

const name = sessionStorage.getItem(KEY);
sessionStorage.removeItem(KEY);
if (name) document.querySelector(`form.sentence select[name="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
