/* The Catalog page in the browser: what its parts in catalog/ share.

   They listen for "begin" (the page has just been opened), "tables" (they are there anew),
   "recolour" (light became dark or the reverse) and "chosen" (other GPUs are to be plotted). */
(() => {
  const NAME = "catalog";
  const { no_update } = window.dash_clientside;
  const listeners = {};

  const page = {
    NAME,
    byId: (name) => document.getElementById(`${NAME}-${name}`),
    panels: () => [...document.querySelectorAll(`#${NAME}-page .catalog-scroll`)],
    scheme: () =>
      document.documentElement.getAttribute("data-mantine-color-scheme") === "dark"
        ? "dark"
        : "light",
    /* What the server has said of the page: "values", "plotted", "bounds". */
    told: (name) => JSON.parse(page.byId("page").dataset[name]),

    on(event, listener) {
      (listeners[event] ||= []).push(listener);
    },
    tell(event, detail) {
      // The user may have left the page meanwhile.
      if (!page.byId("page")) return;
      for (const listener of listeners[event] || []) listener(detail);
    },

    async ask(path, body = {}, signal = undefined) {
      const response = await fetch(`/${NAME}/${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
        signal,
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return path === "zip" ? response.blob() : response.json();
    },

    /* To eyes and screen readers. */
    say(text) {
      const line = page.byId("said");
      if (line) line.textContent = text;
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
  };

  document.addEventListener("click", ({ target }) => {
    if (target.id === `${NAME}-problem-close`) page.problem("");
  });

  window.pdscope = Object.assign(window.pdscope || {}, { catalog: page });
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    catalog: {
      begin() {
        // Plain HTML of the page may not be in its place yet.
        window.pdscope.still();
        const root = page.byId("page");
        if (root.dataset.begun) page.tell("recolour");
        else {
          root.dataset.begun = "yes";
          page.tell("begin");
        }
        return no_update;
      },
    },
  });
})();
