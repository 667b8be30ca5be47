/* A sweep in the address, and the way from a cell to the Gantt page. */
(() => {
  const { sweep } = window.pdscope;
  const METRIC = "metric";

  Object.assign(sweep, {
    /* The server makes the query, but for what is shown: app/sweep_address.py reads both. */
    writeAddress(plan, query, metric) {
      if (window.location.pathname !== plan.path) return;
      const parts = query.split("&").filter((part) => part && !part.startsWith(`${METRIC}=`));
      if (metric !== Object.keys(plan.metrics)[0]) parts.push(`${METRIC}=${metric}`);
      const search = parts.length ? `?${parts.join("&")}` : "";
      window.history.replaceState(window.history.state, "", plan.path + search);
    },

    hrefOf: (link) => (link ? `/?${link}` : "/"),

    open(link) {
      const search = link ? `?${link}` : "";
      window.dash_clientside.set_props("address", { pathname: "/", search });
    },
  });
})();
