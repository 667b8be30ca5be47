/* How a number came about, beside what is pointed at or has the focus; Escape closes it. */
(() => {
  const { gantt6d: page } = window.pdscope;
  const GAP_PX = 6;
  // So that the pointer can go into it.
  const HIDE_AFTER_MS = 150;
  let anchor = null;
  let timer = null;

  const LINES = {
    metric({ dataset: { metrics } }) {
      const known = page.explained?.formulas;
      if (!known) return [["", "Found once the controls rest."]];
      const band = page.shown?.bands[metrics];
      const expected = band ? [["title", `Expected error: ${band[0]}`], ["", band[1]]] : [];
      const now = !page.byId("explain").classList.contains("outdated");
      const lines = metrics.split(" ").flatMap((metric) => {
        const { title, formula, values, where, source } = known[metric];
        return [
          ["title", title],
          ["formula", formula],
          ["formula", now ? values : "The values follow when the controls rest."],
          ...(where ? [["source", `where ${where}`]] : []),
          ["source", `Source: ${source}.`],
        ];
      });
      return [...lines, ...expected];
    },
    kind(element) {
      const { meaning, value } = element.dataset;
      return [["title", element.querySelector(".breakdown-name").textContent], ["", meaning], ["formula", value]];
    },
    step({ dataset: { step, name } }) {
      const { steps, rows } = page.explained || {};
      const told = rows?.[step];
      if (!told) return [["title", name], ["", "Not tried yet, or out of its range."]];
      const title = steps[step] ? `${name}: ${steps[step].label}` : name;
      const lines = told.cells ? told.cells.map(({ words }) => ["", words]) : [["", told.reason]];
      return [["title", title], ...lines];
    },
  };

  function write(lines) {
    const popover = page.byId("popover");
    popover.replaceChildren(
      ...lines.map(([role, text]) => {
        const line = document.createElement("div");
        if (role) line.className = `popover-${role}`;
        line.textContent = text;
        return line;
      }),
    );
    popover.classList.add("shown");
    return popover;
  }

  /* Below the anchor, or above it where there is more room. */
  function place(popover) {
    const at = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = popover;
    const below = at.bottom + GAP_PX;
    const fits = below + height <= innerHeight || at.top < innerHeight - at.bottom;
    popover.style.top = `${Math.max(0, fits ? below : at.top - GAP_PX - height)}px`;
    popover.style.left = `${Math.max(GAP_PX, Math.min(at.left, innerWidth - width - GAP_PX))}px`;
  }

  const focusable = (element) => (element.matches("button") ? element : element.querySelector("button"));

  function show(element) {
    clearTimeout(timer);
    if (element === anchor) return;
    hide();
    const lines = LINES[element.dataset.explain](element);
    if (!lines) return;
    anchor = element;
    focusable(element)?.setAttribute("aria-describedby", `${page.NAME}-popover`);
    place(write(lines));
  }

  function hide() {
    clearTimeout(timer);
    if (!anchor) return;
    focusable(anchor)?.removeAttribute("aria-describedby");
    anchor = null;
    page.byId("popover")?.classList.remove("shown");
  }

  /* What gets the focus is scrolled into view: that must not close what has just been opened. */
  function follow() {
    if (anchor?.contains(document.activeElement)) place(page.byId("popover"));
    else hide();
  }

  function renew() {
    if (!anchor) return;
    const lines = LINES[anchor.dataset.explain](anchor);
    if (lines) write(lines);
    else hide();
  }

  /* What explains the element that an event is about: of a card its button, of a part of the bar
     the key below it. */
  function explaining({ target }) {
    if (!target.closest?.(`#${page.NAME}-page`)) return null;
    const kind = target.closest(".breakdown-bar [data-kind]")?.dataset.kind;
    if (kind) return document.querySelector(`.breakdown-key[data-kind="${kind}"]`);
    return target.closest("[data-explain]") || target.closest(".card, .meter")?.querySelector("[data-explain]") || null;
  }

  document.addEventListener("pointerover", (event) => {
    if (event.target.id === `${page.NAME}-popover` || event.target.closest?.(`#${page.NAME}-popover`)) {
      return clearTimeout(timer);
    }
    const element = event.buttons ? null : explaining(event);
    if (element) show(element);
    else if (anchor && !anchor.contains(document.activeElement)) {
      clearTimeout(timer);
      timer = setTimeout(hide, HIDE_AFTER_MS);
    }
  });
  document.addEventListener("focusin", (event) => {
    const element = explaining(event);
    if (element) show(element);
    else hide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  addEventListener("scroll", follow, { passive: true, capture: true });
  page.on("begin", hide);
  page.on("answer", renew);
  page.on("explained", renew);
})();
