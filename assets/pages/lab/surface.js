/* How many times as fast one algorithm is as the other, over bandwidth and latency: asks for one
   slice of the networks after the other, and puts what has come into the figure. */
(() => {
  const { lab: page } = window.pdscope;
  // What the surface does not depend on.
  const APART = ["network", "bandwidth", "latency"];
  // The scale of colours ends no closer to 1 than this: less is not to be seen.
  const LEAST_RATIO = 1.02;
  const ROOM = 0.06;

  // What is shown: the settings it is of, its cells, and its figure in both schemes.
  let drawn = null;
  let running = null;

  const keyOf = (values) =>
    JSON.stringify(Object.entries(values).filter(([name]) => !APART.includes(name)));

  const tell = (text) => {
    const line = page.byId("swept");
    if (line) line.textContent = text;
  };

  function working(is, done = 0, of = 1) {
    if (!page.byId("page")) return;
    page.byId("sweep").hidden = is;
    page.byId("sweep-cancel").hidden = !is;
    page.byId("progress").hidden = !is;
    page.byId("progress").value = done / of;
  }

  async function sweep() {
    running?.abort();
    const mine = (running = new AbortController());
    const key = keyOf(page.values);
    const run = { key, cells: [], total: 0, done: false };
    working(true);
    tell("computing …");
    try {
      for (let next = 0; next === 0 || next < run.total; ) {
        const answer = await (await page.ask("cells", { first: next }, mine.signal)).json();
        if (!page.byId("page") || mine.signal.aborted) return;
        if (answer.wrong) throw new Error(answer.wrong.message);
        if (answer.figures) Object.assign(run, answer.figures, { names: answer.names });
        run.cells.push(...answer.cells);
        run.total = answer.total;
        next = answer.next;
        run.done = next >= run.total;
        drawn = run;
        draw();
        working(true, next, run.total);
      }
      summarise();
    } catch (error) {
      if (error.name !== "AbortError") tell(`The runs broke off: ${error.message}`);
    } finally {
      if (running === mine) {
        running = null;
        working(false);
      }
    }
  }

  function cancel(said) {
    if (!running) return;
    running.abort();
    running = null;
    working(false);
    tell(said);
  }

  const times = (ratio) => `${window.pdscope.significant(ratio)} ×`;

  /* Of all networks: how many gain, and where most. */
  function summarise() {
    const { cells, names } = drawn;
    const faster = cells.filter(({ ratio }) => ratio > 1.0005).length;
    const best = cells.reduce((a, b) => (b.ratio > a.ratio ? b : a));
    const worst = cells.reduce((a, b) => (b.ratio < a.ratio ? b : a));
    const at = ({ place, ratio }) => `${times(ratio)} as fast at ${place}`;
    tell(
      `${names[0]} is faster than ${names[1]} on ${faster} of ${cells.length} star networks: ` +
        `at most ${at(best)}, at least ${at(worst)}.`,
    );
  }

  /* A copy of the figure with what is known, as Plotly writes into what it is given. */
  function figure(scheme) {
    const { data, layout } = JSON.parse(JSON.stringify(drawn[scheme]));
    const [surface, plane, points, here] = data;
    const { x: xs, y: ys } = surface;
    const at = (n) => drawn.cells[n];
    const matrix = (of) =>
      ys.map((_, j) => xs.map((_, i) => (at(j * xs.length + i) ? of(at(j * xs.length + i)) : null)));
    const ratios = drawn.cells.map(({ ratio }) => ratio);
    const most = Math.log2(Math.max(LEAST_RATIO, ...ratios, ...ratios.map((ratio) => 1 / ratio)));
    Object.assign(surface, {
      z: matrix(({ ratio }) => ratio),
      surfacecolor: matrix(({ ratio }) => Math.log2(ratio)),
      text: matrix(({ text }) => text),
      cmin: -most,
      cmax: most,
      visible: drawn.cells.length >= xs.length + 2,
    });
    plane.visible = ratios.length > 0;
    Object.assign(points, {
      x: drawn.cells.map((_, n) => xs[n % xs.length]),
      y: drawn.cells.map((_, n) => ys[Math.floor(n / xs.length)]),
      z: ratios,
      text: drawn.cells.map(({ text }) => text),
    });
    const set = keyOf(page.good) === drawn.key ? page.shown.here : null;
    const heights = [1, ...ratios, ...(set ? [set.ratio] : [])];
    const [low, high] = [Math.min(...heights), Math.max(...heights)];
    const room = ROOM * Math.max(high - low, LEAST_RATIO - 1);
    // On the surface it would be half in it.
    const lifted = set && set.ratio + room;
    if (set) Object.assign(here, { x: [set.x], y: [set.y], z: [lifted], text: [set.text] });
    layout.scene.zaxis.range = [low - room, high + 2 * room];
    return { data, layout };
  }

  function draw() {
    if (!drawn?.light || !page.byId("page")) return;
    page.byId("surface-picture").hidden = false;
    page.setProps("surface", { figure: figure(page.scheme()) });
    // For whoever waits for a picture: tests.
    page.byId("surface-picture").dataset.complete = drawn.done ? "yes" : "";
  }

  function csv() {
    const head = "bandwidth_bytes_per_s,latency_s,seconds,other_seconds,speed_up";
    const rows = drawn.cells.map((cell) =>
      [cell.bandwidth_bps, cell.latency_s, cell.seconds, cell.other_seconds, cell.ratio].join(","),
    );
    return `${[head, ...rows].join("\n")}\n`;
  }

  async function html() {
    const response = await fetch(`/${page.NAME}/blank`);
    if (!response.ok) throw new Error(`status ${response.status}`);
    const figures = { light: [figure("light")], dark: [figure("dark")] };
    const json = JSON.stringify(figures).replaceAll("<", "\\u003c");
    return (await response.text()).replace("/*figures*/", () => json);
  }

  page.surface = {
    known: () => Boolean(drawn?.done) && !running,
    csv: () => new Blob([csv()], { type: "text/csv" }),
    html: async () => new Blob([await html()], { type: "text/html" }),
  };

  page.on("begin", () => {
    cancel("");
    drawn = null;
  });
  page.on("changed", () => {
    if (!drawn && !running) return;
    const key = keyOf(page.values);
    if (key === drawn?.key) return;
    cancel("Cancelled: something has changed.");
    if (drawn) tell("Shown is the surface of a setting before.");
  });
  page.on("full", (answer) => {
    if (drawn?.key === keyOf(page.good)) draw();
    else if (answer.sweep && !running) sweep();
    else if (!running) tell("Each network takes a while: press Compute for the surface.");
  });

  document.addEventListener("click", ({ target }) => {
    if (target.id === `${page.NAME}-sweep` && page.good) sweep();
    else if (target.id === `${page.NAME}-sweep-cancel`) cancel("Cancelled.");
  });
})();
