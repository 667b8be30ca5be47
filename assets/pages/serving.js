/* The Serving page in the browser: its state, what it asks for, and who hears of the answer.

   The parts of the page are the files in serving/, each of which listens here: "answer" (a run has
   come), "full" (and of as many requests as are set), "wrong" (a refusal), "begin" (the page has
   just been opened), "changed" (a control has). */
(() => {
  const NAME = "serving";
  const { no_update } = window.dash_clientside;
  const BURSTY = ["gamma", "weibull"];
  const listeners = {};

  const begin = {
    /* The last good answer, and the values it is of. */
    shown: null,
    good: null,
  };

  const page = {
    NAME,
    values: null,
    scheme: "light",
    ...begin,

    byId: (name) => document.getElementById(`${NAME}-${name}`),
    setProps: (name, props) => window.dash_clientside.set_props(`${NAME}-${name}`, props),
    colour: (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim(),

    on(event, listener) {
      (listeners[event] ||= []).push(listener);
    },
    tell(event, detail) {
      // The user may have left the page meanwhile.
      if (!page.byId("page")) return;
      for (const listener of listeners[event] || []) listener(detail);
    },

    say(text) {
      const line = page.byId("said");
      if (line && line.textContent !== text) line.textContent = text;
    },

    /* The answer to what is shown now, from another route; an Error where there is none. */
    async ask(route, more = {}, signal = undefined) {
      const response = await fetch(`/${NAME}/${route}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ seq: 0, values: page.values, scheme: page.scheme, ...more }),
        signal,
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return response;
    },

    paint,
  };

  const gate = new window.pdscope.LatestWins({
    url: `/${NAME}/picture`,
    paint,
    away() {
      page.byId("page")?.classList.add("stale");
      page.say("The server is away; trying again.");
    },
    refused: (reason) => page.say(`The server refuses this (${reason}). A change asks it again.`),
  });

  function paint(answer) {
    const root = page.byId("page");
    // The user may have left the page meanwhile.
    if (!root) return;
    root.classList.remove("waiting");
    root.classList.toggle("stale", Boolean(answer.wrong));
    if (answer.wrong) page.tell("wrong", answer);
    else {
      page.shown = answer;
      page.good = answer.values;
      page.say(answer.said);
      page.tell("answer", answer);
      if (!answer.coarse) page.tell("full", answer);
    }
    // For whoever waits for a picture: tests.
    root.dataset.seq = answer.seq;
    root.dataset.coarse = String(Boolean(answer.coarse));
  }

  /* What has no effect as things are is not there. */
  function hideIdle({ law, arrangement }) {
    const apart = arrangement === "disaggregated";
    page.byId("burst-control").hidden = !BURSTY.includes(law);
    for (const name of ["decode_routing", "kv_transfer"]) page.byId(`${name}-control`).hidden = !apart;
  }

  /* Boxes hold text. */
  function valueOf(field, value) {
    const numeric = page.byId(`${field}-control`).classList.contains("control-number");
    return numeric ? window.pdscope.controls.parse(value) : value;
  }

  window.pdscope[NAME] = page;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    [NAME]: {
      offer(...values) {
        const root = page.byId("page");
        const inputs = window.dash_clientside.callback_context.inputs_list;
        const scheme = values.pop() || "light";
        const fields = inputs.slice(0, values.length).map(({ id }) => id.slice(NAME.length + 1));
        const now = Object.fromEntries(fields.map((field, i) => [field, valueOf(field, values[i])]));
        const same = fields.every((field) => now[field] === page.values?.[field]);
        const first = !root.dataset.begun;
        if (!first && same && scheme === page.scheme) return no_update;
        page.values = now;
        page.scheme = scheme;
        hideIdle(now);
        if (first) {
          root.dataset.begun = "yes";
          Object.assign(page, begin);
          page.tell("begin");
        }
        page.tell("changed");
        if (first || same) gate.rest({ values: now, scheme });
        else gate.moved({ values: now, scheme });
        return no_update;
      },
    },
  });
})();
