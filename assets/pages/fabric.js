/* The Fabric page in the browser: its state, what it asks for, and who hears of the answer.

   The parts of the page are the files in fabric/, each of which listens here: "answer" (a run has
   come), "recolour" (light became dark or the reverse), "moment" (the time that is shown is another),
   "chosen" (another wire is), "drawn" (the canvas has been drawn anew). */
(() => {
  const NAME = "fabric";
  const { no_update } = window.dash_clientside;

  const begin = {
    /* What part of the run is shown, of `shown.use.means`; the wire that is chosen, by its name. */
    moment: 0,
    wire: null,
  };

  const page = window.pdscope.newPage(NAME, {
    ...begin,

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
  });

  const gate = page.pictures({
    good(answer, before) {
      page.wires.read(answer, before);
      page.say(answer.said);
      page.tell("answer", answer);
    },
    after: show,
  });

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

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    [NAME]: {
      offer(...values) {
        const now = page.offered(values);
        if (page.isNew()) page.begin(begin);
        else if (page.knows(now)) return no_update;
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
