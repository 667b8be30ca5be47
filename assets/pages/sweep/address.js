/* A sweep in the address, and the way from a cell to the Gantt page. */
(() => {
  const { sweep } = window.pdscope;
  const METRIC = "metric";
  const isOfPins = (part) => /^(pin|base)=/.test(part);
  // A pointer that has moved further since it was pressed has turned the scene.
  const STILL_PX = 4;
  let pressed = null;

  document.addEventListener("pointerdown", (event) => (pressed = event), true);
  document.addEventListener(
    "click",
    ({ target, clientX, clientY }) => {
      if (!pressed || !sweep.pointed || !target.closest?.(".sweep-picture-surface canvas")) return;
      const moved = Math.hypot(clientX - pressed.clientX, clientY - pressed.clientY);
      if (moved <= STILL_PX) sweep.open(sweep.pointed.link);
    },
    true,
  );

  Object.assign(sweep, {
    /* The server makes the query, but for what is shown: app/sweeps/address.py reads both. */
    writeAddress(plan, query, metric) {
      if (window.location.pathname !== plan.path) return;
      const parts = query
        .split("&")
        .filter((part) => part && !isOfPins(part) && !part.startsWith(`${METRIC}=`));
      if (metric !== plan.usual) parts.push(`${METRIC}=${metric}`);
      const all = sweep.withPins(parts.join("&"));
      const search = all ? `?${all}` : "";
      window.history.replaceState(window.history.state, "", plan.path + search);
    },

    /* Other pages open with the sweep's scenario, and with what is pinned on the Gantt page. */
    carry(scenario) {
      window.pdscope.carry(sweep.withPins(scenario));
    },

    /* A query with the pins that the address has: they stay while one looks at sweeps. */
    withPins(query) {
      const pins = window.location.search.slice(1).split("&").filter(isOfPins);
      return pins.length ? [query || window.pdscope.BARE, ...pins].join("&") : query;
    },

    hrefOf(link) {
      const query = sweep.withPins(link);
      return query ? `/?${query}` : "/";
    },

    open(link) {
      sweep.pointed = null;
      const query = sweep.withPins(link);
      const search = query ? `?${query}` : "";
      window.dash_clientside.set_props("address", { pathname: "/", search });
    },
  });
})();
