/* What takes longer: a run in full, and the cluster at other rates; both can be cancelled. */
(() => {
  const { serving: page } = window.pdscope;
  const POINTS = 8; // as app/serving/asked.py has them
  // By name: the title, the colour, and the panel that it is in.
  const CURVES = {
    throughput: ["throughput", "--faint", ""],
    goodput: ["goodput", "--kind-prefill", ""],
    ttft_p99_s: ["TTFT p99", "--kind-handoff", "2"],
  };
  let running = null; // of the run in full, what cancels it
  let sweeping = null;
  /* The rates that are drawn: runs by rate and seed, and the means of each curve. */
  let drawn = null;

  const hide = (name, hidden) => {
    const part = page.byId(name);
    if (part) part.hidden = hidden;
  };
  const tell = (name, text) => {
    const line = page.byId(name);
    if (line) line.textContent = text;
  };

  /* Each line of a response, as it comes. */
  async function* linesOf(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) yield JSON.parse(line);
    }
  }

  async function runFull() {
    const mine = (running = new AbortController());
    const values = page.values;
    const requests = Number(page.byId("full-requests").value);
    page.byId("full").disabled = true;
    hide("cancel", false);
    hide("progress", false);
    page.byId("progress").value = 0;
    tell("working", "");
    try {
      const response = await page.ask("full", { requests }, mine.signal);
      for await (const { done, of, answer, wrong } of linesOf(response)) {
        if (!page.byId("page") || mine.signal.aborted) return;
        if (wrong) tell("working", wrong.message);
        else if (answer) {
          page.paint({ ...answer, values });
          tell("working", `Shown is the run in full of ${window.pdscope.count(requests)} requests.`);
        } else {
          page.byId("progress").value = done / of;
          tell("working", `${window.pdscope.count(done)} of ${window.pdscope.count(of)} requests`);
        }
      }
    } catch (error) {
      if (error.name !== "AbortError") tell("working", `The run broke off (${error.message}).`);
    } finally {
      if (running === mine) {
        running = null;
        hide("cancel", true);
        hide("progress", true);
        if (page.byId("full")) page.byId("full").disabled = false;
      }
    }
  }

  function cancelFull(said) {
    if (!running) return;
    running.abort();
    tell("working", said);
  }

  async function sweep() {
    const mine = (sweeping = new AbortController());
    const seeds = Number(page.byId("seeds").value);
    const rows = [];
    page.byId("sweep").disabled = true;
    hide("sweep-cancel", false);
    try {
      for (let point = 0; point < POINTS; point += 1) {
        const found = [];
        for (let number = 0; number < seeds; number += 1) {
          tell("swept", `run ${point * seeds + number + 1} of ${POINTS * seeds}`);
          const answer = await (await page.ask("point", { point, number }, mine.signal)).json();
          if (!page.byId("page") || mine.signal.aborted) return;
          if (answer.wrong) throw new Error(answer.wrong.message);
          found.push(answer);
        }
        rows.push(found);
        await draw(rows, mine.signal);
      }
      const partial = rows.flat().filter((row) => row.partial).length;
      tell("swept", partial ? `${partial} runs took too long and are partial` : "");
    } catch (error) {
      if (error.name !== "AbortError") tell("swept", `The runs broke off: ${error.message}`);
    } finally {
      if (sweeping === mine) {
        sweeping = null;
        hide("sweep-cancel", true);
        if (page.byId("sweep")) page.byId("sweep").disabled = false;
      }
    }
  }

  async function draw(rows, signal) {
    const names = Object.keys(CURVES);
    const values = names.flatMap((name) => rows.map((found) => found.map((row) => row[name])));
    const answer = await (await page.ask("bands", { rows: values }, signal)).json();
    if (!page.byId("page")) return;
    drawn = { rows, bands: answer.bands };
    redraw();
  }

  function redraw() {
    if (!drawn) return;
    const { rows, bands } = drawn;
    const names = Object.keys(CURVES);
    const rates = rows.map(([first]) => first.rate);
    const data = names.map((name, n) => {
      const own = bands.slice(n * rows.length, (n + 1) * rows.length);
      const [title, variable, panel] = CURVES[name];
      const colour = page.colour(variable);
      return {
        type: "scatter",
        mode: "lines+markers",
        name: title,
        xaxis: `x${panel}`,
        yaxis: `y${panel}`,
        x: rates,
        y: own.map(([mean]) => mean),
        error_y: { type: "data", array: own.map(([, half]) => half ?? 0), color: colour, thickness: 1.5, width: 4 },
        line: { color: colour, width: 2 },
        hovertemplate: `%{x:.3g} requests/s arrive: %{y:.3g} ${panel ? "s" : "requests/s"}<extra>%{fullData.name}</extra>`,
      };
    });
    hide("rates-picture", false);
    page.setProps("rates", { figure: { data, layout: layoutOf() } });
  }

  /* As the other figures of the page have it. */
  function layoutOf() {
    const { layout } = page.shown.figures.ttft;
    const { tickvals, ticktext, type, ...axis } = layout.xaxis;
    const title = (text) => ({ text, standoff: 8, font: { color: page.colour("--faint"), size: 11 } });
    const rates = { ...axis, rangemode: "tozero", title: title("requests that arrive in a second") };
    return {
      ...layout,
      title: { ...layout.title, text: "Throughput, goodput and TTFT p99 against the arrival rate" },
      shapes: [],
      annotations: [],
      showlegend: true,
      legend: { x: 0.01, y: 0.99, yanchor: "top" },
      xaxis: { ...rates, domain: [0, 0.46], anchor: "y" },
      yaxis: { ...axis, rangemode: "tozero", title: title("requests/s") },
      xaxis2: { ...rates, domain: [0.56, 1], anchor: "y2" },
      yaxis2: { ...axis, type: "log", dtick: "D2", exponentformat: "none", anchor: "x2", title: title("TTFT p99 [s]") },
    };
  }

  function cancelSweep(said) {
    if (!sweeping) return;
    sweeping.abort();
    tell("swept", said);
  }

  page.on("full", redraw);
  page.on("begin", () => {
    drawn = null;
    running?.abort();
    sweeping?.abort();
  });
  page.on("changed", () => {
    cancelFull("Cancelled: something has changed.");
    if (!running) tell("working", "");
    cancelSweep("Cancelled: something has changed.");
    if (!page.byId("rates-picture").hidden) tell("swept", "Shown are the rates of a setting before.");
  });

  document.addEventListener("click", ({ target }) => {
    const part = target.id?.startsWith(`${page.NAME}-`) ? target.id.slice(page.NAME.length + 1) : "";
    if (part === "full" && page.good) runFull();
    else if (part === "cancel") cancelFull("Cancelled.");
    else if (part === "sweep" && page.good) sweep();
    else if (part === "sweep-cancel") cancelSweep("Cancelled.");
  });
})();
