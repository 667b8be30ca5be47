/* The Fabric page in the browser: its state, what it asks for, and who hears of the answer.

   The parts of the page are the files in fabric/, each of which listens here: "answer" (a run has
   come), "wrong" (a refusal), "away" (the server does not answer), "begin" (the page has just been
   opened), "recolour" (light became dark or the reverse), "moment" (the time that is shown is
   another), "chosen" (another wire is), "drawn" (the canvas has been drawn anew). */
(() => {
  const NAME = "fabric";
  const { no_update } = window.dash_clientside;
  const listeners = {};

  const begin = {
    /* The last good answer, and the values it is of. */
    shown: null,
    good: null,
    /* What part of the run is shown, of `shown.use.means`; the wire that is chosen, by its name. */
    moment: 0,
    wire: null,
  };

  const page = {
    NAME,
    values: null,
    ...begin,

    byId: (name) => document.getElementById(`${NAME}-${name}`),
    setProps: (name, props) => window.dash_clientside.set_props(`${NAME}-${name}`, props),
    colour: (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim(),
    isDark: () => document.documentElement.getAttribute("data-mantine-color-scheme") === "dark",

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

    /* The time that is shown [s]: the middle of its part of the run. */
    time: () => (page.moment + 0.5) * page.shown.use.mean_s,

    showMoment(moment) {
      const last = page.shown.use.means - 1;
      const next = Math.min(last, Math.max(0, Math.round(moment)));
      if (next === page.moment) return;
      page.moment = next;
      page.tell("moment");
    },

    choose(wire) {
      if (wire === page.wire || !page.wires.numberOf.has(wire)) return;
      page.wire = wire;
      page.tell("chosen");
    },
  };

  const gate = new window.pdscope.LatestWins({
    url: `/${NAME}/picture`,
    paint,
    away() {
      page.byId("page")?.classList.add("stale");
      page.say("The server is away; trying again.");
      page.tell("away");
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
      const before = page.shown;
      page.shown = answer;
      page.good = answer.values;
      page.wires.read(answer, before);
      page.say(answer.said);
      page.tell("answer", answer);
    }
    show(answer);
    // For whoever waits for a picture: tests.
    root.dataset.seq = answer.seq;
  }

  /* The address and the window's title are those of the scenario; what is pinned stays pinned. */
  function show({ query, title }) {
    const { pathname, search: before, hash } = window.location;
    if (pathname !== `/${NAME}`) return;
    document.title = title ? `Fabric: ${title} · pdscope` : "Cannot be run · pdscope";
    const pins = before.slice(1).split("&").filter((part) => /^(pin|base)=/.test(part));
    const own = [query || (pins.length ? window.pdscope.BARE : ""), ...pins].filter(Boolean).join("&");
    const search = own ? `?${own}` : "";
    if (search !== before && (own || !/^\?v=\d+$/.test(before)))
      window.history.replaceState(window.history.state, "", pathname + search + hash);
    window.pdscope.carry(own);
    page.byId("gantt").href = `/?${own || window.pdscope.BARE}`;
  }

  /* Boxes hold text; GPUs may be called by a number. */
  function valueOf(field, value) {
    const numeric = page.byId(`${field}-control`).classList.contains("control-number");
    return numeric ? window.pdscope.controls.parse(value) : value;
  }

  window.pdscope.fabric = page;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    [NAME]: {
      offer(...values) {
        const root = page.byId("page");
        const fields = window.dash_clientside.callback_context.inputs_list.map(({ id }) =>
          id.slice(NAME.length + 1),
        );
        const now = Object.fromEntries(fields.map((field, i) => [field, valueOf(field, values[i])]));
        const same = fields.every((field) => now[field] === page.values?.[field]);
        if (!root.dataset.begun) {
          root.dataset.begun = "yes";
          Object.assign(page, begin);
          page.tell("begin");
        } else if (same) return no_update;
        page.values = now;
        gate.rest({ values: now });
        return no_update;
      },

      repaint() {
        page.tell("recolour");
        return no_update;
      },
    },
  });
})();
