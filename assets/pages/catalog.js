/* The Catalog page in the browser: what its parts in catalog/ share.

   They listen for "tables" (they are there anew), "recolour" (light became dark or the reverse) and
   "chosen" (other GPUs are to be plotted). */
(() => {
  const NAME = "catalog";
  const { no_update } = window.dash_clientside;

  const page = window.pdscope.newPage(NAME, {
    panels: () => [...document.querySelectorAll(`#${NAME}-page .catalog-scroll`)],
    /* What the server has said of the page: "values", "plotted", "bounds". */
    told: (name) => JSON.parse(page.byId("page").dataset[name]),

    async ask(path, body = {}, signal = undefined) {
      const response = await page.post(path, body, signal);
      return path === "zip" ? response.blob() : response.json();
    },

    /* What went wrong, until it is dismissed or something goes well. */
    problem(text) {
      const root = page.byId("problem");
      if (!root) return;
      page.byId("problem-text").textContent = text;
      root.hidden = !text;
      if (text) root.scrollIntoView({ block: "nearest" });
    },

    away: (error) => page.problem(`The server does not answer now (${error.message}). Try again.`),
  });

  document.addEventListener("click", ({ target }) => {
    if (target.id === `${NAME}-problem-close`) page.problem("");
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    catalog: {
      begin() {
        // Plain HTML of the page may not be in its place yet.
        window.pdscope.still();
        if (page.isNew()) page.begin();
        else page.tell("recolour");
        return no_update;
      },
    },
  });
})();
