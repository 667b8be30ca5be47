/* The Gantt: bars and marks on a canvas, under axes that Plotly draws, zooms and pans.

   Bars are not Plotly's: as 1,500 SVG paths they took half the time from a drag to its picture. */
(() => {
  const { gantt6d: page, Bars } = window.pdscope;
  // Around the plot, for Plotly as for us.
  const MARGIN = { l: 54, r: 84, t: 24, b: 34 };
  const CONFIG = {
    displayModeBar: false,
    displaylogo: false,
    showSendToCloud: false,
    showTips: false,
    // Resets are ours: Plotly's would turn the lanes upside down.
    doubleClick: false,
  };
  const plot = () => page.byId("axes");
  const canvas = () => page.byId("bars");
  // A label of the time axis and a lane's, each with room around it.
  const TIME_LABEL_PX = 80;
  const LANE_LABEL_PX = 13;
  const MOST_TICKS = 10;
  const KINDS = [
    ...["prefill", "handoff", "activations", "decode", "decode-activations"],
    ...["collective", "decode-collective", "background"],
  ];

  let bars = null;
  let resets = 0;
  // The room there was for labels when they were chosen.
  let room = "";
  let colours = null;
  let painted = "";
  // The axes but for the time range, as they were last set.
  let drawn = "";

  page.pixels = () => {
    const width = plot()?._fullLayout?._size?.w || page.byId("graph").clientWidth - MARGIN.l - MARGIN.r;
    return width;
  };

  function readColours() {
    colours = {
      kinds: KINDS.map((kind) => page.colour(`--kind-${kind}`)),
      mark: page.colour("--text"),
      text: page.colour("--text"),
      faint: page.colour("--faint"),
      grid: page.colour("--line"),
      surface: page.colour("--surface"),
      font: getComputedStyle(document.body).fontFamily,
    };
  }

  /* How large the plot is [px], and the part of the lanes that it shows. */
  function plotRoom({ top, bottom }) {
    const { clientWidth, clientHeight } = canvas();
    const [y0, y1] = plot()._fullLayout?.yaxis?.range || [bottom, top];
    // Zoomed lanes stay so while they are the same ones.
    const same = laneKey({ bottom }) === plot()._fullLayout?.yaxis?.uirevision;
    return {
      width: clientWidth - MARGIN.l - MARGIN.r,
      height: clientHeight - MARGIN.t - MARGIN.b,
      span: same ? Math.abs(y0 - y1) : bottom - top,
    };
  }

  const laneKey = ({ bottom }) => `${bottom}, ${resets}`;

  /* The names of as many lanes as there is room for: every one of each pool, or every second ... */
  function laneLabels({ positions, labels, named }, { height, span }) {
    const apart = (a, b) => ((b - a) / span) * height >= LANE_LABEL_PX;
    if (!positions.length) return { tickvals: [], ticktext: [] };
    const gaps = positions.slice(1).map((position, i) => position - positions[i]);
    const every = Math.ceil(((LANE_LABEL_PX / height) * span) / Math.min(...gaps, span));
    const places = named.flatMap((count, pool) => {
      const first = named.slice(0, pool).reduce((sum, n) => sum + n, 0);
      return Array.from({ length: Math.ceil(count / every) }, (_, n) => first + n * every);
    });
    const kept = places.filter(
      (place, n) => n + 1 === places.length || apart(positions[place], positions[places[n + 1]]),
    );
    return { tickvals: kept.map((i) => positions[i]), ticktext: kept.map((i) => labels[i]) };
  }

  function layout(answer) {
    const { lanes, unit, per_s: perSecond } = answer;
    const size = plotRoom(lanes);
    room = JSON.stringify(size);
    // The user may have zoomed since this was asked for: what they see stays.
    const range = (page.wanted() || [0, page.end()]).map((time) => time * perSecond);
    return {
      showlegend: false,
      hovermode: false,
      dragmode: "zoom",
      margin: MARGIN,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: colours.font, size: 11, color: colours.faint },
      xaxis: {
        range,
        autorange: false,
        ticksuffix: ` ${unit}`,
        // There is room at both ends; to hide what has none, Plotly would measure every label.
        ticklabeloverflow: "allow",
        tickangle: 0,
        // By itself Plotly has five at least, however narrow it is.
        nticks: Math.max(2, Math.min(MOST_TICKS, Math.floor(size.width / TIME_LABEL_PX) + 1)),
        // Behind the bars, and so on the canvas.
        showgrid: false,
        zeroline: false,
        exponentformat: "none",
        separatethousands: true,
        // The page says which window it shows; the figure follows.
        uirevision: false,
      },
      yaxis: {
        range: [lanes.bottom, lanes.top],
        autorange: false,
        ...laneLabels(lanes, size),
        // Room between a label and a bar that starts at the axis.
        ticks: "outside",
        ticklabeloverflow: "allow",
        ticklen: 4,
        tickcolor: "rgba(0,0,0,0)",
        showgrid: false,
        zeroline: false,
        // A zoom into some lanes lasts as long as the lanes are the same.
        uirevision: laneKey(lanes),
      },
      separators: ".\u202f",
    };
  }

  function draw(answer) {
    colours || readColours();
    bars = new Bars(answer);
    const graph = plot();
    painted = null;
    setAxes(graph, layout(answer));
    if (!graph.dataset.ours) {
      graph.dataset.ours = "yes";
      // Not the window's size alone: what is above the chart comes and goes.
      new ResizeObserver(() => graph.isConnected && window.Plotly.Plots.resize(graph)).observe(graph);
      graph.on("plotly_relayout", zoomed);
      graph.on("plotly_relayouting", paint);
      graph.on("plotly_doubleclick", page.showAll);
      // A window that changes its size, for one, makes Plotly draw by itself.
      graph.on("plotly_afterplot", redrawn);
    }
    paint();
    const stage = page.byId("stage");
    stage.dataset.bars = bars.size;
  }

  /* While one drags, mostly the time axis alone changes, which Plotly draws in half the time. */
  function setAxes(graph, wanted) {
    const { range } = wanted.xaxis;
    const rest = JSON.stringify({ ...wanted, xaxis: { ...wanted.xaxis, range: null } });
    const ranged = graph.dataset.ours && rest === drawn;
    drawn = rest;
    if (!ranged) return window.Plotly.react(graph, [], wanted, CONFIG);
    window.Plotly.relayout(graph, { "xaxis.range": range });
  }

  function redrawn() {
    // Not while `draw` is at it.
    if (painted === null) return;
    if (room !== JSON.stringify(plotRoom(page.shown.lanes))) {
      setAxes(plot(), layout(page.shown));
    }
    if (painted !== look()) paint();
  }

  /* Seconds and lanes to pixels of the stage, as the axes are now. */
  function scales() {
    const { xaxis, yaxis, _size: size } = plot()._fullLayout;
    const perSecond = page.shown.per_s;
    const [x0, x1] = xaxis.range.map((value) => value / perSecond);
    const [y0, y1] = yaxis.range;
    return {
      area: { left: size.l, top: size.t, width: size.w, height: size.h },
      x: (time) => size.l + ((time - x0) / (x1 - x0)) * size.w,
      y: (position) => size.t + ((position - y1) / (y0 - y1)) * size.h,
      time: (x) => x0 + ((x - size.l) / size.w) * (x1 - x0),
      position: (y) => y1 + ((y - size.t) / size.h) * (y0 - y1),
    };
  }

  /* All that a painting depends on but the answer. */
  function look() {
    const { xaxis, yaxis, _size: size } = plot()._fullLayout;
    const { clientWidth, clientHeight } = canvas();
    // Plotly comes to know of another size later than the canvas.
    const sizes = [clientWidth, clientHeight, devicePixelRatio, size.w, size.h];
    return [...sizes, ...xaxis.range, ...yaxis.range].join();
  }

  function paint() {
    if (!bars || !plot()?._fullLayout?.xaxis) return;
    painted = look();
    const { context } = page.canvas.cleared(canvas());
    const scale = scales();
    const emphasis = page.byId("path")?.checked ?? false;
    drawGrid(context, scale);
    bars.draw(context, { ...scale, colours, emphasis });
    page.canvas.drawMarks(context, page.shown.marks, { ...scale, colours });
    page.tell("painted");
  }

  function drawGrid(context, { area }) {
    const { range, tick0, dtick } = plot()._fullLayout.xaxis;
    const [low, high] = [Math.min(...range), Math.max(...range)];
    context.fillStyle = colours.grid;
    for (let n = Math.ceil((low - tick0) / dtick); tick0 + n * dtick <= high; n += 1) {
      const share = (tick0 + n * dtick - low) / (high - low);
      context.fillRect(Math.round(area.left + share * area.width), area.top, 1, area.height);
    }
  }

  function zoomed(change) {
    if (Object.keys(change).some((key) => key.startsWith("yaxis.range"))) {
      page.byId("pools").classList.add("hidden");
    }
    if ("xaxis.range[0]" in change) {
      page.zoomTo([0, 1].map((i) => change[`xaxis.range[${i}]`] / page.shown.per_s));
    }
    // It hears of our own changes, too, which have been painted.
    if (painted !== look()) paint();
  }

  /* Which lanes are whose, along the left; hidden while the lanes are zoomed. */
  function showPools({ pools }) {
    const key = JSON.stringify(pools);
    const root = page.byId("pools");
    if (root.dataset.key === key) return;
    root.dataset.key = key;
    root.classList.remove("hidden");
    root.replaceChildren(
      ...pools.map(({ name, top, height }) => {
        const label = document.createElement("div");
        label.textContent = name;
        label.style.top = `${100 * top}%`;
        label.style.height = `${100 * height}%`;
        return label;
      }),
    );
  }

  /* Kinds that many runs have none of are in the legend where there are any. */
  function showLegend() {
    for (const entry of page.byId("kinds").querySelectorAll("[data-kinds]")) {
      const kinds = entry.dataset.kinds.split(" ").map((kind) => KINDS.indexOf(kind));
      const none = !kinds.some((kind) => bars.kind.includes(kind));
      if (entry.hidden !== none) entry.hidden = none;
    }
  }

  /* A dcc.Graph that is never seen fetches Plotly. */
  function whenThereIsPlotly(then) {
    if (window.Plotly) then();
    else if (plot()) requestAnimationFrame(() => whenThereIsPlotly(then));
  }

  page.on("begin", () => {
    bars = null;
    whenThereIsPlotly(page.ask);
  });
  page.on("answer", (answer) => {
    showPools(answer);
    draw(answer);
    showLegend();
    page.byId("drawn").textContent = answer.drawn;
    const form = page.byId("collectives-used");
    if (form.textContent !== answer.collectives) form.textContent = answer.collectives;
  });
  page.on("axis", () => {
    if (bars) setAxes(plot(), layout(page.shown));
  });
  page.on("all", () => {
    resets += 1;
    page.byId("pools").classList.remove("hidden");
  });
  page.on("recolour", () => {
    readColours();
    paint();
  });

  page.chart = { scales, paint, bars: () => bars, colours: () => colours };

  window.dash_clientside[page.NAME].emphasise = () => {
    paint();
    return window.dash_clientside.no_update;
  };
})();
