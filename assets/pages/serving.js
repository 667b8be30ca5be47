/* The Serving page in the browser: its state, what it asks for, and who hears of the answer.

   The parts of the page are the files in serving/, each of which listens here: "answer" (a run has
   come), "full" (and of as many requests as are set), "changed" (a control has). */
(() => {
  const NAME = "serving";
  const { no_update } = window.dash_clientside;
  const BURSTY = ["gamma", "weibull"];

  // What pictures have been asked for in: light or dark.
  let scheme = "light";

  const page = window.pdscope.newPage(NAME, {
    /* The answer to what is shown now, from another route; an Error where there is none. */
    ask: (route, more = {}, signal = undefined) =>
      page.post(route, { seq: 0, values: page.values, scheme, ...more }, signal),

    paint: (answer) => gate.paint(answer),
  });

  const gate = page.pictures({
    good(answer) {
      page.say(answer.said);
      page.tell("answer", answer);
      if (!answer.coarse) page.tell("full", answer);
    },
    after(answer, root) {
      root.dataset.coarse = String(Boolean(answer.coarse));
    },
  });

  /* What has no effect as things are is not there. */
  function hideIdle({ law, arrangement }) {
    const apart = arrangement === "disaggregated";
    page.byId("burst-control").hidden = !BURSTY.includes(law);
    for (const name of ["decode_routing", "kv_transfer"]) page.byId(`${name}-control`).hidden = !apart;
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    [NAME]: {
      offer(...values) {
        const wanted = values.pop() || "light";
        const now = page.offered(values);
        const same = page.knows(now);
        const first = page.isNew();
        if (!first && same && wanted === scheme) return no_update;
        page.values = now;
        scheme = wanted;
        hideIdle(now);
        if (first) page.begin();
        page.tell("changed");
        if (first || same) gate.rest({ values: now, scheme });
        else gate.moved({ values: now, scheme });
        return no_update;
      },
    },
  });
})();
