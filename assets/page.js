/* What every page that is drawn in the browser has: its own file makes it with
   `window.pdscope.newPage(name, more)`, `more` being what it alone has, and its parts, the files in
   its folder, find it as `window.pdscope[name]`.

   Parts hear of each other by events, which they listen for with `on`. All pages have "begin" (the
   page has just been opened); those that ask for pictures have "wrong" (a refusal) and "away" (the
   server does not answer), too. The others stand in the page's own file. */
(() => {
  const KEEP_MS = 60_000;

  function scheme() {
    const set = document.documentElement.getAttribute("data-mantine-color-scheme");
    return set === "dark" ? "dark" : "light";
  }

  function newPage(name, more) {
    const listeners = {};

    /* Boxes hold text; a GPU that is chosen may be called by a number. */
    function valueOf(field, value) {
      const numeric = page.byId(`${field}-control`).classList.contains("control-number");
      return numeric ? window.pdscope.controls.parse(value) : value;
    }

    const page = {
      NAME: name,
      /* What the controls say, by field. */
      values: null,

      byId: (part) => document.getElementById(`${name}-${part}`),
      setProps: (part, props) => window.dash_clientside.set_props(`${name}-${part}`, props),
      /* What a variable of the style sheets says now. */
      colour: (variable) =>
        getComputedStyle(document.documentElement).getPropertyValue(variable).trim(),
      scheme,

      on(event, listener) {
        (listeners[event] ||= []).push(listener);
      },
      tell(event, detail) {
        // The user may have left the page meanwhile.
        if (!page.byId("page")) return;
        for (const listener of listeners[event] || []) listener(detail);
      },

      /* To eyes and screen readers, which read only what is new. */
      say(text) {
        const line = page.byId("said");
        if (line && line.textContent !== text) line.textContent = text;
      },

      /* Whether the page has been opened, but not begun. */
      isNew: () => !page.byId("page").dataset.begun,
      /* From `state`, whatever it was when the page was left before. */
      begin(state = {}) {
        page.byId("page").dataset.begun = "yes";
        Object.assign(page, state);
        page.tell("begin");
      },

      /* The first inputs of the callback that is running, which are controls, by their fields. */
      offered(values) {
        const inputs = window.dash_clientside.callback_context.inputs_list;
        const fields = inputs.slice(0, values.length).map(({ id }) => id.slice(name.length + 1));
        return Object.fromEntries(fields.map((field, i) => [field, valueOf(field, values[i])]));
      },
      /* Whether the controls are known to say this. */
      knows: (values) =>
        Object.keys(values).every((field) => values[field] === page.values?.[field]),

      /* The response of one of the page's routes; an Error where it refuses. */
      async post(route, body, signal = undefined) {
        const response = await fetch(`/${name}/${route}`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(body),
          signal,
        });
        if (!response.ok) throw new Error(`status ${response.status}`);
        return response;
      },

      /* The gate to the route "picture". `shown` is the last good answer, `good` the values it is
         of. What is wrong is told; a good answer goes to `good`, with the one before; at last any
         answer to `after`, with the page's root. */
      pictures({ good, after = () => {} }) {
        const forget = () => Object.assign(page, { shown: null, good: null });
        forget();
        page.on("begin", forget);

        function paint(answer) {
          const root = page.byId("page");
          // The user may have left the page meanwhile.
          if (!root) return;
          root.classList.remove("waiting");
          root.classList.toggle("stale", Boolean(answer.wrong));
          if (answer.wrong) page.tell("wrong", answer);
          else {
            const before = page.shown;
            page.shown = answer;
            page.good = answer.values;
            good(answer, before);
          }
          after(answer, root);
          // For whoever waits for a picture: tests, benchmarks.
          root.dataset.seq = answer.seq;
        }

        return new window.pdscope.LatestWins({
          url: `/${name}/picture`,
          paint,
          away() {
            // What is shown is no longer of what the controls say.
            page.byId("page")?.classList.add("stale");
            page.say("The server is away; trying again.");
            page.tell("away");
          },
          refused: (reason) =>
            page.say(`The server refuses this (${reason}). A change asks it again.`),
        });
      },

      /* If one control alone was changed since all was well, it is that one, whatever else would
         help; `field` otherwise. */
      toBlame(field, values) {
        const fields = Object.keys(page.good || {});
        const changed = fields.filter((one) => values[one] !== page.good[one]);
        return changed.length === 1 ? changed[0] : field;
      },
      clearWrong() {
        for (const control of document.querySelectorAll(`#${name}-page .control.wrong`)) {
          control.classList.remove("wrong");
          control.querySelector(".control-message").replaceChildren();
        }
      },

      ...more,
    };
    window.pdscope[name] = page;
    return page;
  }

  /* Has the browser save a file. */
  function saveAs(blob, filename) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = filename;
    link.click();
    // Not at once: the browser may not have begun to read it.
    setTimeout(() => URL.revokeObjectURL(link.href), KEEP_MS);
  }

  window.pdscope = Object.assign(window.pdscope || {}, { newPage, saveAs, scheme });
})();
