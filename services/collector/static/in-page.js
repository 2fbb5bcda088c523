// Asks the question of a personal link in a company's page. It speaks to the origin that it came from alone, keeps
// nothing in the browser, and posts what a person does (trusted events).

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host{--b:var(--afterword-background,light-dark(#fff,#1a2429));--i:var(--afterword-text,light-dark(#12222b,#e8edea));--a:var(--afterword-accent,var(--i));--o:var(--afterword-on-accent,var(--b));color-scheme:light dark;display:block;container-type:inline-size;font:400 1rem/1.5 var(--afterword-font,system-ui,sans-serif);color:var(--i)}
:host([corner]){position:fixed;z-index:999;inset-block-end:1rem;inset-inline-end:1rem;inline-size:min(28rem,100vw - 2rem);max-block-size:calc(100vh - 2rem);overflow:auto}
[hidden]{display:none!important}
section{padding:1.25rem;background:var(--b);overflow-wrap:anywhere}
section *{unicode-bidi:plaintext}
section,button,textarea,.c span{border:1px solid;border-radius:.25rem}
p,fieldset,.f{margin:0 0 .75rem;padding:0;border:0;min-inline-size:0}
legend,.f label{display:block;padding:0 0 .25rem;font-weight:600}
.q{font-size:1.125rem;font-weight:600}
.s{font-size:.875rem;white-space:pre-line}
:focus-visible,:focus-visible+span{outline:3px solid var(--a);outline-offset:2px}
p:focus{outline:0}
button,textarea{min-block-size:2.75rem;padding:.5rem 1rem;font:inherit;background:var(--a);color:var(--o)}
a,textarea,.x{background:none;color:inherit}
textarea{box-sizing:border-box;inline-size:100%}
.x{float:inline-end;margin:-.75rem;inline-size:2.75rem;padding:0;font-size:1.5rem;border:0}
.c{display:grid;grid-template-columns:repeat(6,1fr);gap:.25rem}
.c label,.p{position:relative;display:flex;gap:.5rem;align-items:center;min-block-size:2.75rem}
.c input{position:absolute;inset:0;inline-size:100%;block-size:100%;margin:0;opacity:0}
.c span{flex:1;line-height:2.75rem;text-align:center}
.c :checked+span{background:var(--a);color:var(--o);forced-color-adjust:none}
.p input{inline-size:1.25rem;block-size:1.25rem;margin:0;flex:none;accent-color:var(--a)}
.e{display:flex;justify-content:space-between;gap:1rem}
@container (min-width:24rem){.c{grid-template-columns:repeat(11,1fr)}}
.c.u{grid-template-columns:1fr}
.u span{flex:0 0 3.5rem}`);

const { origin } = new URL(import.meta.url);
const closed = new Set(); // What was dismissed, until the page is left.

function node(kind, values = {}, ...inside) {
  const [name, className = ""] = kind.split(".");
  const made = Object.assign(document.createElement(name), { className });
  for (const key in values) {
    if (key in made) made[key] = values[key];
    else made.setAttribute(key, values[key]);
  }
  made.append(...inside.flat().filter(Boolean));
  return made;
}

// No cookie and no preflight: the token in the path is the only credential.
async function ask(path, body) {
  try {
    const response = await fetch(origin + path, {
      method: body ? "POST" : "GET", body, credentials: "omit", keepalive: `${body}`.length < 60_000, signal: AbortSignal.timeout(8000),
    });
    const { ok, status, headers } = response;
    return { ok, passing: status > 499 || status === 429, after: headers.get("retry-after") * 1000, reply: await response.json() };
  } catch {
    return { passing: true, after: 0, reply: {} }; // No network.
  }
}

class Question extends HTMLElement {
  connectedCallback() { this.start(); }
  disconnectedCallback() { this.keep?.(); }
  say(state) { this.dispatchEvent(new CustomEvent("afterword", { bubbles: true, detail: { state } })); }

  async start() {
    const [path] = /\/s\/[\w-]{43}(?![\w-])/.exec(this.getAttribute("link")) ?? [];
    if (!path || this.path || closed.has(path)) return;
    this.path = path;
    // For half a minute: the invitation may be younger than the page.
    for (let wait = 1000; wait < 32_000; wait *= 2) {
      const { ok, passing, after, reply } = await ask(`${path}/question?lang=${this.getAttribute("language") ?? ""}`);
      if (!passing) {
        if (reply.state === "open") this.show(reply);
        this.say(ok ? reply.state : "gone");
        return;
      }
      await new Promise((done) => { setTimeout(done, Math.max(after, wait * (0.5 + Math.random() / 2))); });
    }
    this.say("unavailable");
  }

  put({ language, direction, close }, ...inside) {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    const section = node("section", { lang: language, dir: direction, "aria-labelledby": "q" },
      node("button.x", { type: "button", "aria-label": close, onclick: () => this.close() }, "×"), ...inside);
    section.onkeydown = ({ key }) => { if (key === "Escape") this.close(); };
    section.addEventListener("focusin", ({ relatedTarget: from }) => { if (from && !root.contains(from)) this.back = from; });
    root.replaceChildren(section);
  }

  show(question) {
    const { questions, words, upright, ...asked } = question.form;
    const line = (text) => text && node("p.s", {}, text);
    const boxes = questions.map(({ name, kind, words: text, hint, options, given }, at) => {
      if (kind === "text") {
        return node("div.f", {}, node("label", { htmlFor: name }, text), line(hint),
          node("textarea", { id: name, name, rows: 3, maxLength: asked.max_text_length, value: given.join("") }));
      }
      const [type, look, shape] = kind === "score" ? ["radio", "label", upright ? "div.c u" : "div.c"] : [kind === "several_of" ? "checkbox" : "radio", "label.p", "div"];
      return node("fieldset", {}, node(at ? "legend" : "legend.q", at ? {} : { id: "q" }, text), line(hint),
        node(shape, {}, options.map(({ value, words: label, end, opens }) => node(look, {},
          node("input", { type, name, value, checked: given.includes(value), ...(end && { "aria-label": `${label} ${end}` }), ...(opens && { "data-opens": "" }) }),
          node("span", {}, label), upright && end))),
        !upright && node("div.e s", {}, options.map(({ words: label, end }) => end && node("span", {}, `${label} ${end}`))));
    });
    const status = node("p.s", { role: "status" });
    const end = node("div", {}, status, node("p", {}, node("button", {}, words.send)), asked.notes.map(line),
      node("a", { href: origin + asked.never_path, target: "_blank" }, words.never));
    const form = node("form", { noValidate: true }, node("p", {}, asked.occasion), boxes, end,
      Object.entries(asked.fields).map(([name, value]) => node("input", { type: "hidden", name, value })), node("input", { hidden: true, name: asked.trap }));
    this.put(question, form);

    const fields = form.elements;
    let dirty, byPointer, done, timer, requests = Promise.resolve();
    const update = () => {
      const group = questions[0].options.find(({ value }) => value === fields.score.value)?.group;
      end.hidden = !group;
      questions.forEach(({ groups, is_after: isAfter }, at) => {
        boxes[at].hidden = at && (!groups.includes(group) || (isAfter && !form.querySelector("[data-opens]:checked")));
      });
    };
    // A post has the whole form and a number: it does not matter which of them arrive.
    const post = async (action) => {
      if (done || !fields.score.value || (action === "keep" && !dirty)) return;
      clearTimeout(timer);
      dirty = false;
      fields.seq.value = +fields.seq.value + 1;
      const body = new URLSearchParams(new FormData(form));
      body.set("action", action);
      const { ok, passing, after, reply } = await ask(`${this.path}/question`, body);
      if (reply.question) {
        done = true;
        this.thank(reply.question);
        return;
      }
      for (const name in reply.fields) fields[name].value = reply.fields[name];
      if (passing) {
        dirty = true;
        later(Math.max(after, 5000));
      }
      const fault = action === "send" && (reply.errors?.map(({ detail }) => detail).join("\n") ?? (!passing && reply.title));
      status.textContent = fault || (ok && !reply.conflict ? words.saved : words.unsaved).replace("{score}", reply.saved);
    };
    const queue = (action) => { requests = requests.then(() => post(action)); };
    const later = (delay) => { clearTimeout(timer); timer = setTimeout(queue, delay, "keep"); };
    // When the page is hidden or left, nothing is waited for.
    this.keep = () => post("keep");
    this.end = () => post(asked.is_final_when_left && fields.touched.value > 0 ? "close" : "keep");
    addEventListener("visibilitychange", this.keep);
    addEventListener("pagehide", this.end);

    fields.touched.value = "0";
    form.onclick = form.onpointerdown = form.onkeydown = ({ isTrusted, type }) => {
      if (isTrusted) fields.touched.value = "1";
      if (type !== "click") byPointer = type === "pointerdown";
    };
    form.oninput = ({ isTrusted, target }) => {
      update();
      if (!isTrusted) return;
      dirty = true;
      // The arrow keys pass over the scores between: such a choice goes with what is done next.
      if (byPointer || target.name !== "score") later(target.type === "textarea" ? 1000 : 0);
    };
    form.onsubmit = (event) => { event.preventDefault(); queue("send"); };
    update();
  }

  thank(question) {
    const { words, lines, change } = question.thanks;
    const title = node("p.q", { id: "q", tabIndex: -1 }, words);
    const again = () => { this.show(question); this.shadowRoot.querySelector(":checked").focus(); };
    this.put(question, title, lines.map((line) => node("p", {}, line)), change && node("button", { onclick: again }, change));
    title.focus();
    this.say("answered");
  }

  close() {
    this.end();
    closed.add(this.path);
    this.shadowRoot.replaceChildren();
    this.back?.focus();
    this.say("closed");
  }
}

customElements.define("afterword-question", Question);
for (const { src, dataset } of document.querySelectorAll("script[data-link]")) {
  if (src === import.meta.url) document.body.append(node("afterword-question", { corner: "", language: "", ...dataset }));
}
