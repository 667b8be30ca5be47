/* The Gantt page in the browser: its state, what it asks for, and who hears of the answer.

   The parts of the page are the files in gantt6d/, each of which listens here:
   "answer" (a picture has come), "settled" (one in full, after the last change), "recolour" (light
   became dark or the reverse), "axis" (the time axis ends elsewhere), "painted" (the chart's canvas
   has been drawn anew). */
(() => {
  const NAME = "gantt6d";
  const { no_update } = window.dash_clientside;

  /* `zoom` and `frozen` are windows [from, to] in seconds: what the user zoomed to, and the time
     axis while it is locked. `baselineEnd` is when the baseline's run ends, 0 without one [s]. */
  const begin = {
    zoom: null,
    frozen: null,
    baselineEnd: 0,
    recolour: false,
    // Of the prefill and of the decode pool, the stages whose ranks are to be shown.
    opened: [[], []],
  };

  const page = window.pdscope.newPage(NAME, {
    ...begin,
    /* Width of the plot in pixels, which the chart knows. */
    pixels: () => 800,

    /* Whether what the controls say cannot be run, so that something else is shown, or nothing. */
    refused: () => page.byId("page").classList.contains("stale"),

    /* The window that the user wants to see; null for all of the run. */
    wanted: () => page.zoom || page.frozen,

    /* Where the time axis ends while all is shown. */
    end: () => Math.max(page.shown.end_s, page.baselineEnd),

    request: (values = page.values) => ({
      values,
      window: page.wanted(),
      pixels: Math.max(1, Math.round(page.pixels())),
      scheme: page.scheme(),
      opened: page.opened,
    }),

    /* Sets all controls at once. */
    open: (values) => page.setProps("opened", { data: { values, at: performance.now() } }),

    /* The last state, in full. */
    ask: () => page.values && gate.rest(page.request()),

    zoomTo(zoom, { moving = false } = {}) {
      page.zoom = zoom;
      if (!page.values) return;
      if (moving) gate.moved(page.request());
      else gate.rest(page.request());
    },

    showAll() {
      if (!page.shown) return;
      page.frozen = page.frozen && [0, page.end()];
      page.tell("all");
      page.zoomTo(null);
    },

    say(text, { aloud = true } = {}) {
      const line = page.byId("said");
      if (line && line.textContent !== text) line.textContent = text;
      if (aloud) page.announce(text);
    },

    /* To screen readers alone. */
    announce(text) {
      const line = page.byId("aloud");
      if (line && line.textContent !== text) line.textContent = text;
    },
  });

  /* Not a Dash callback: those cost some 40 ms of the browser's time for each picture. */
  const gate = page.pictures({
    good(answer) {
      page.tell("answer", answer);
      if (answer.coarse) return;
      // Once more is known of it, it is announced with that.
      page.say(answer.said, { aloud: false });
      page.tell("settled", answer);
    },
    after(answer, root) {
      if (page.recolour) {
        page.recolour = false;
        page.ask();
      }
      root.dataset.settled = !answer.coarse;
    },
  });

  /* The newest values of the controls; what has been heard before is not asked for again. */
  function offered(values) {
    const same = page.knows(values);
    page.values = values;
    if (!same) gate.moved(page.request());
  }

  window.pdscope.controls.slid = (id, value) => {
    const [name, field] = [id.slice(0, NAME.length), id.slice(NAME.length + 1)];
    if (name === NAME && page.values) offered({ ...page.values, [field]: value });
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    [NAME]: {
      offer(...values) {
        const now = page.offered(values);
        if (page.isNew()) page.begin({ ...begin, values: now });
        else offered(now);
        return no_update;
      },

      open({ values }) {
        const { outputs_list: outputs } = window.dash_clientside.callback_context;
        const { format } = window.pdscope.controls;
        // Of a box, "" is what None is.
        return outputs.map(({ id }) => format(values[id.slice(NAME.length + 1)] ?? ""));
      },

      repaint() {
        if (!page.shown || !page.byId("graph")) return no_update;
        page.tell("recolour");
        // What is shown greyed takes the new colours, too, before it is greyed again.
        page.recolour = page.refused();
        gate.rest(page.request(page.recolour ? page.good : page.values));
        return no_update;
      },

      locked(on) {
        if (!page.shown) return no_update;
        page.frozen = on ? page.wanted() || [0, page.end()] : null;
        page.ask();
        return no_update;
      },

      reset(clicks) {
        if (clicks) page.showAll();
        return no_update;
      },
    },
  });
})();
