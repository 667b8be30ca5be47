/* Light or dark, and which page is the current one. */
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  shell: {
    theme(clicks, current) {
      const root = document.documentElement;
      const shown = root.getAttribute("data-mantine-color-scheme") || "light";
      if (!clicks) return shown;
      const next = (current || shown) === "dark" ? "light" : "dark";
      root.setAttribute("data-mantine-color-scheme", next);
      window.localStorage.setItem("mantine-color-scheme-value", next);
      return next;
    },
    markCurrent(children, path) {
      let title = "No such page";
      for (const link of document.querySelectorAll(".nav-link")) {
        // Behind its path it may carry a scenario.
        const current = new URL(link.href).pathname === path;
        if (current) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
        if (current) title = link.textContent;
      }
      document.title = `${title} · pdscope`;
      window.pdscope.showHint();
      return window.dash_clientside.no_update;
    },
  },
});
