/* A sweep in the address, and the way from a cell to the Gantt page. */
(() => {
  const { sweep } = window.pdscope;
  const METRIC = "metric";
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
      const parts = query.split("&").filter((part) => part && !part.startsWith(`${METRIC}=`));
      if (metric !== plan.usual) parts.push(`${METRIC}=${metric}`);
      const search = parts.length ? `?${parts.join("&")}` : "";
      window.history.replaceState(window.history.state, "", plan.path + search);
    },

    hrefOf: (link) => (link ? `/?${link}` : "/"),

    open(link) {
      sweep.pointed = null;
      const search = link ? `?${link}` : "";
      window.dash_clientside.set_props("address", { pathname: "/", search });
    },
  });
})();
