/* The Lab page in the browser: its state, what it asks for, and who hears of the answer.

   The parts of the page are the files in lab/, each of which listens here: "answer" (a run has
   come), "full" (and is drawn as finely as it will be), "changed" (a control has). */
(() => {
  const NAME = "lab";
  const PREFIX = "lab.";
  const { no_update } = window.dash_clientside;

  // What pictures have been asked for in: light or dark.
  let scheme = "light";

  const page = window.pdscope.newPage(NAME, {
    /* The part of the run that the timeline shows, [from, to] in seconds; null for all of it. */
    window: null,

    /* The answer to what is shown now, from another route; an Error where there is none. */
    ask: (route, more = {}, signal = undefined) =>
      page.post(route, { seq: 0, values: page.values, scheme, ...more }, signal),

    see(part) {
      page.window = part;
      page.byId("whole").hidden = !part;
      gate.rest(state());
    },
  });

  const gate = page.pictures({
    good(answer) {
      page.say(answer.said);
      page.tell("answer", answer);
      if (!answer.coarse) page.tell("full", answer);
      address(answer);
    },
    after(answer, root) {
      root.dataset.coarse = String(Boolean(answer.coarse));
    },
  });

  const state = () => ({
    values: page.values,
    scheme,
    window: page.window,
    pixels: page.byId("timeline-picture").clientWidth,
  });

  /* What an address says of the scenario of other pages. */
  const others = () =>
    window.location.search.slice(1).split("&").filter((part) => part && !part.startsWith(PREFIX));

  /* The address is that of the settings; links to the other pages have only what is theirs. */
  function address({ query, title }) {
    const { pathname, search: before, hash } = window.location;
    if (pathname !== `/${NAME}`) return;
    document.title = `Lab: ${title} · pdscope`;
    const parts = others();
    const own = [...parts, query].filter(Boolean).join("&");
    const search = own ? `?${own}` : "";
    if (search !== before)
      window.history.replaceState(window.history.state, "", pathname + search + hash);
    window.pdscope.carry(parts.join("&"));
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
        if (first) page.begin({ window: null });
        if (first || !same) {
          page.window = null;
          page.byId("whole").hidden = true;
          page.tell("changed");
        }
        if (first || same) gate.rest(state());
        else gate.moved(state());
        return no_update;
      },

      /* The reader has zoomed or panned: what is seen now is drawn anew. */
      zoomed(change) {
        const range = [change?.["xaxis.range[0]"], change?.["xaxis.range[1]"]];
        if (page.shown && range.every(Number.isFinite) && page.byId("page")) {
          const { per_s: perS, end_s: end } = page.shown;
          const [low, high] = range.map((at) => Math.min(end, Math.max(0, at / perS)));
          if (low < high) page.see([low, high]);
        }
        return no_update;
      },
    },
  });

  document.addEventListener("click", ({ target }) => {
    if (target.id === `${NAME}-whole`) page.see(null);
  });
})();
