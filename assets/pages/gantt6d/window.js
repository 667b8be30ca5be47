/* The whole run below the chart, and the part of it that is seen. */
(() => {
  const { gantt6d: page, duration, significant } = window.pdscope;
  const { no_update } = window.dash_clientside;
  // As the page's layout makes the slider.
  const RANGE_STEPS = 1000;
  const LEAST_STEPS = 2;
  // By Page Up and Page Down, which the slider does not know by itself.
  const MANY_STEPS = 50;
  let range = [0, RANGE_STEPS];

  function showOverview({ overview, end_s: end }) {
    const { context, width, height } = page.canvas.cleared(page.byId("overview"));
    const [prefill, , , decode] = page.chart.colours().kinds;
    overview.forEach((encoded, pool) => {
      const bytes = atob(encoded);
      const base = ((pool + 1) * height) / 2;
      const cell = (width / bytes.length) * (end / page.end());
      context.fillStyle = pool ? decode : prefill;
      context.beginPath();
      context.moveTo(0, base);
      for (let i = 0; i < bytes.length; i += 1) {
        const top = base - ((bytes.charCodeAt(i) / 255) * height) / 2;
        context.lineTo(i * cell, top);
        context.lineTo((i + 1) * cell, top);
      }
      context.lineTo(bytes.length * cell, base);
      context.fill();
    });
  }

  function showRange() {
    const end = page.end();
    const place = (time) => Math.round(Math.min(1, Math.max(0, time / end)) * RANGE_STEPS);
    const next = page.wanted()?.map(place) || [0, RANGE_STEPS];
    if (next[0] === range[0] && next[1] === range[1]) return;
    range = next;
    page.setProps("range", { value: next });
  }

  /* Thumbs say times, not places. */
  function nameThumbs() {
    const thumbs = page.byId("range").querySelectorAll("[role=slider]");
    const times = page.wanted() || [0, page.end()];
    const { run_end_s: run, end_s: end } = page.shown;
    thumbs.forEach((thumb, i) => {
      // Nothing is between the end of the run and that of the axis.
      const time = times[i] > run && times[i] <= end ? run : times[i];
      thumb.setAttribute("aria-valuetext", duration(time));
    });
  }

  /* Of the run; the time axis ends later, and much later where the baseline takes longer. */
  function showSeen({ per_s: perSecond, unit, run_end_s: end }) {
    const [low, high] = page.wanted() || [0, end];
    const last = Math.min(high, end);
    const whole = duration(end);
    const line = page.byId("seen");
    if (low <= 0 && last === end) line.textContent = `all of ${whole}`;
    else if (low >= end) line.textContent = `what is after all of ${whole}`;
    else {
      // Times that differ must read differently.
      const digits = 2 + Math.max(1, Math.ceil(Math.log10(last / (last - low))));
      const number = (time) => significant(time * perSecond, digits);
      line.textContent = `${number(low)} to ${number(last)} ${unit} of ${whole}`;
    }
  }

  page.on("begin", () => {
    range = [0, RANGE_STEPS];
  });
  function show() {
    showRange();
    nameThumbs();
    showSeen(page.shown);
    showOverview(page.shown);
  }

  page.on("answer", show);
  page.on("axis", show);

  window.dash_clientside[page.NAME].ranged = (places) => {
    if (!page.shown || (places[0] === range[0] && places[1] === range[1])) return no_update;
    range = places;
    const all = places[0] === 0 && places[1] === RANGE_STEPS;
    const times = places.map((place) => (place / RANGE_STEPS) * page.end());
    page.zoomTo(all ? null : times, { moving: true });
    return no_update;
  };

  document.addEventListener("keydown", (event) => {
    const thumb = event.target.closest?.(`#${page.NAME}-range [role=slider]`);
    const steps = { PageUp: MANY_STEPS, PageDown: -MANY_STEPS }[event.key];
    if (!thumb || !steps || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [low, high] = range;
    const value = thumb.matches(":has(~ [role=slider])")
      ? [Math.min(high - LEAST_STEPS, Math.max(0, low + steps)), high]
      : [low, Math.max(low + LEAST_STEPS, Math.min(RANGE_STEPS, high + steps))];
    page.setProps("range", { value });
  });
})();
