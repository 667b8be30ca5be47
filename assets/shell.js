/* Light or dark, which page is the current one, and the way from each to the others. */
window.pdscope = Object.assign(window.pdscope || {}, {
  /* An address that says nothing but its version, which is that of app/share.py. */
  BARE: "v=3",
  /* Lets the other pages open with this scenario, and its pins: the part of an address behind "?".
     Without a version a page would show its own scenario. */
  carry(query) {
    const search = `?${query || window.pdscope.BARE}`;
    for (const link of document.querySelectorAll(".nav-link")) {
      const href = new URL(link.href).pathname + search;
      if (link.getAttribute("href") !== href) window.dash_clientside.set_props(link.id, { href });
    }
  },
});

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
      const none = "No such page";
      let title = none;
      for (const link of document.querySelectorAll(".nav-link")) {
        // Behind its path it may carry a scenario.
        const own = new URL(link.href).pathname;
        const current = own === path || (own !== "/" && path.startsWith(`${own}/`));
        // Of pages that lead to others, both are.
        const beside = link.closest(".sweep-siblings") && own !== path;
        if (current && !beside) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
        if (current && !beside && title === none) title = link.textContent;
        // On a narrow screen the names of the pages are scrolled sideways.
        if (current) link.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
      document.title = `${title} · pdscope`;
      // What a sweep's address has besides a scenario is none of the others' business, nor harm.
      const query = window.location.search.slice(1);
      if (query) window.pdscope.carry(query);
      window.pdscope.showHint();
      return window.dash_clientside.no_update;
    },
  },
});
