// The sentence above a page is a form: a changed select submits it, and keeps the focus.

const SUBMIT_DELAY_MS = 300;
const FOCUS_KEY = "afterword-focus";

for (const form of document.querySelectorAll("form.sentence")) {
  let timer = null;
  form.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLSelectElement)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      sessionStorage.setItem(FOCUS_KEY, event.target.name);
      form.requestSubmit();
    }, SUBMIT_DELAY_MS);
  });
}

const name = sessionStorage.getItem(FOCUS_KEY);
sessionStorage.removeItem(FOCUS_KEY);
if (name) document.querySelector(`form.sentence select[name="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
