/* The Gantt page in the browser: what to ask for, and where the answer goes. */
(() => {
  const NAME = "gantt6d";
  // As the page's layout makes the slider, and the figure its margins, left and right.
  const RANGE_STEPS = 1000;
  const MARGINS_PX = 54 + 84;
  const { no_update } = window.dash_clientside;
  const byId = (name) => document.getElementById(`${NAME}-${name}`);
  const plot = () => document.querySelector(`#${NAME}-graph .js-plotly-plot`);
  const CONFIG = {
    displaylogo: false,
    showSendToCloud: false,
    showTips: false,
    responsive: true,
    // Resets are ours: Plotly's would turn the lanes upside down.
    doubleClick: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "resetScale2d"],
    toImageButtonOptions: { filename: "pdscope-gantt", scale: 2 },
  };
  const setProps = (name, props) => window.dash_clientside.set_props(`${NAME}-${name}`, props);

  /* What is asked for, and what the last good answer said. `zoom` and `frozen` are windows
     [from, to] in seconds: what the user zoomed to, and the time axis while it is locked. `good`
     are the values of what is shown; `resets` counts how often all was to be seen again. */
  const begin = { zoom: null, frozen: null, shown: null, good: null, recolour: false, resets: 0 };
  const view = { values: null, ...begin };

  /* Not a Dash callback: those cost some 40 ms of the browser's time for each picture. */
  const gate = new window.pdscope.LatestWins({
    url: "/gantt6d/picture",
    paint: (answer) => paint(answer),
    silence: (reason) => say(`The server does not answer (${reason}). A change asks it again.`),
  });

  const scheme = () =>
    document.documentElement.getAttribute("data-mantine-color-scheme") === "dark"
      ? "dark"
      : "light";

  const wanted = () => view.zoom || view.frozen;

  function state() {
    const size = plot()?._fullLayout?._size?.w;
    return {
      values: view.values,
      window: wanted(),
      pixels: Math.round(size || byId("graph").clientWidth - MARGINS_PX),
      scheme: scheme(),
    };
  }

  function zoomTo(zoom, { moving = false } = {}) {
    view.zoom = zoom;
    if (!view.values) return;
    if (moving) gate.moved(state());
    else gate.rest(state());
  }

  function say(text) {
    const line = byId("said");
    if (line && line.textContent !== text) line.textContent = text;
  }

  /* Cards, meters, sentence */

  function showCards(cards) {
    for (const [name, [number, unit, raw]] of Object.entries(cards)) {
      const card = byId(`card-${name}`);
      card.dataset.value = raw;
      card.querySelector(".card-number").textContent = number;
      card.querySelector(".card-unit").textContent = unit;
    }
  }

  function showMeters(meters) {
    for (const meter of meters) {
      const root = byId("meters").querySelector(`[data-pool="${meter.pool}"]`);
      root.classList.toggle("over", !meter.fits);
      root.querySelector(".meter-text").textContent = meter.text;
      root.querySelector(".meter-weights").style.width = `${meter.weights}%`;
      root.querySelector(".meter-kv").style.width = `${meter.kv}%`;
      root.querySelector(".meter-limit").style.left = `${meter.limit}%`;
      const over = root.querySelector(".meter-over");
      over.style.left = `${meter.limit}%`;
      over.style.width = `${meter.over}%`;
      const bar = root.querySelector(".meter-bar");
      const spoken = `${meter.pool} pool, ${meter.gpu}: ${meter.text}; ${meter.detail}`;
      bar.title = spoken;
      bar.setAttribute("aria-label", spoken);
    }
  }

  /* What is wrong, beside the control to blame */

  function clearWrong() {
    for (const control of document.querySelectorAll(`#${NAME}-page .control.wrong`)) {
      control.classList.remove("wrong");
      control.querySelector(".control-message").replaceChildren();
    }
    byId("page").classList.remove("stale");
  }

  /* If one control alone was changed since all was well, it is that one, whatever else would help. */
  function toBlame(field, values) {
    const changed = Object.keys(view.good || {}).filter((name) => values[name] !== view.good[name]);
    return changed.length === 1 ? changed[0] : field;
  }

  function showWrong({ field, message, remedies }, values) {
    const blamed = toBlame(field, values);
    const control = blamed && byId(`${blamed}-control`);
    const text = control?.querySelector(".control-message");
    if (!control?.classList.contains("wrong") || text.dataset.said !== message) {
      clearWrong();
      if (control) {
        const more = control.closest("details");
        if (more) more.open = true;
        control.classList.add("wrong");
        text.dataset.said = message;
        text.replaceChildren(message, ...remedies.map(remedyButton));
      }
    }
    byId("page").classList.add("stale");
    // Beside the control, where there is one, stands why.
    const shown = view.good ? " Shown is the last setting that could." : "";
    say(control ? `This cannot be run.${shown}` : message);
  }

  function remedyButton({ field, value, label }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "remedy";
    button.textContent = label;
    button.addEventListener("click", () => setProps(field, { value }));
    return button;
  }

  /* The whole run below the chart, and the part of it that is seen */

  function showOverview(shares) {
    const canvas = byId("overview");
    const width = Math.round(canvas.clientWidth * devicePixelRatio);
    const height = Math.round(canvas.clientHeight * devicePixelRatio);
    // Setting a size also clears, but costs more.
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    const [prefill, , , decode] = view.shown.figure.data.map((trace) => trace.marker.color);
    shares.forEach((encoded, pool) => {
      const bytes = atob(encoded);
      const base = ((pool + 1) * height) / 2;
      const cell = width / bytes.length;
      context.fillStyle = pool ? decode : prefill;
      context.beginPath();
      context.moveTo(0, base);
      for (let i = 0; i < bytes.length; i += 1) {
        const top = base - ((bytes.charCodeAt(i) / 255) * height) / 2;
        context.lineTo(i * cell, top);
        context.lineTo((i + 1) * cell, top);
      }
      context.lineTo(width, base);
      context.fill();
    });
  }

  /* Which lanes are whose, along the left; hidden while the lanes are zoomed */
  function showPools(pools) {
    const key = JSON.stringify(pools);
    const root = byId("pools");
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

  let range = [0, RANGE_STEPS];

  function showRange(window, end) {
    const place = (time) =>
      Math.round(Math.min(1, Math.max(0, time / end)) * RANGE_STEPS);
    const next = window ? window.map(place) : [0, RANGE_STEPS];
    if (next[0] === range[0] && next[1] === range[1]) return;
    range = next;
    setProps("range", { value: next });
  }

  function showSeen({ end_s: end, per_s: perSecond, unit }) {
    const [low, high] = wanted() || [0, end];
    const number = (time) => pdscope.significant(time * perSecond);
    byId("seen").textContent = wanted()
      ? `${number(low)} to ${number(high)} ${unit} of ${number(end)} ${unit}`
      : `all of ${number(end)} ${unit}`;
  }

  /* What lies under the pointer */

  function listen(graph) {
    graph.on("plotly_hover", ({ points }) => {
      const { curveNumber, pointNumber, bbox } = points[0];
      const facts = view.shown?.facts[curveNumber];
      if (facts) pdscope.showTip(byId("tip"), byId("stage"), facts, pointNumber, bbox);
    });
    graph.on("plotly_unhover", () => pdscope.hideTip(byId("tip")));
    graph.on("plotly_relayout", zoomed);
    graph.on("plotly_doubleclick", showAll);
  }

  function zoomed(change) {
    if (Object.keys(change).some((key) => key.startsWith("yaxis.range"))) {
      byId("pools").classList.add("hidden");
    }
    if ("xaxis.range[0]" in change) {
      zoomTo([0, 1].map((i) => change[`xaxis.range[${i}]`] / view.shown.per_s));
    }
  }

  function showAll() {
    if (!view.shown) return;
    view.resets += 1;
    byId("pools").classList.remove("hidden");
    view.frozen = view.frozen && [0, view.shown.end_s];
    zoomTo(null);
  }

  /* The answer, unless the user has left the page meanwhile */

  function paint(answer) {
    const page = byId("page");
    if (!page) return;
    if (answer.meters) showMeters(answer.meters);
    if (answer.wrong) showWrong(answer.wrong, answer.values);
    else {
      clearWrong();
      view.shown = answer;
      view.good = answer.values;
      showCards(answer.cards);
      showRange(wanted(), answer.end_s);
      showSeen(answer);
      showOverview(answer.overview);
      showPools(answer.pools);
      byId("drawn").textContent = answer.drawn;
      pdscope.hideTip(byId("tip"));
      draw(answer);
      if (!answer.coarse) {
        say(answer.said);
        const query = answer.query ? `?${answer.query}` : "";
        window.history.replaceState(window.history.state, "", window.location.pathname + query);
      }
    }
    if (view.recolour) {
      view.recolour = false;
      gate.rest(state());
    }
    // For whoever waits for a picture: tests, benchmarks.
    page.dataset.seq = answer.seq;
    page.dataset.settled = !answer.coarse;
  }

  function draw(answer) {
    const graph = plot();
    // The user may have zoomed since this was asked for: what they see stays.
    answer.figure.layout.xaxis.range = (wanted() || [0, answer.end_s]).map(
      (time) => time * answer.per_s,
    );
    answer.figure.layout.yaxis.uirevision += `, ${view.resets}`;
    window.Plotly.react(graph, answer.figure.data, answer.figure.layout, CONFIG);
    if (graph.dataset.ours) return;
    // The first drawing with our configuration is a new plot, without listeners.
    graph.dataset.ours = "yes";
    listen(graph);
  }

  /* dcc.Graph fetches Plotly and makes the plot; then it is ours. */
  function whenPlotted(then) {
    if (plot()) then();
    else if (byId("graph")) requestAnimationFrame(() => whenPlotted(then));
  }

  /* Keys on the chart, as trace viewers have them */

  function press(event) {
    if (!view.shown || event.ctrlKey || event.metaKey || event.altKey) return;
    const end = view.shown.end_s;
    const [low, high] = wanted() || [0, end];
    const span = high - low;
    const middle = (low + high) / 2;
    const clamp = (from, length) => {
      const start = Math.max(0, Math.min(from, end - length));
      return [start, start + length];
    };
    switch (event.key.toLowerCase()) {
      case "a": zoomTo(clamp(low - span / 5, span), { moving: true }); break;
      case "d": zoomTo(clamp(low + span / 5, span), { moving: true }); break;
      case "w": zoomTo(clamp(middle - span / 3, span / 1.5), { moving: true }); break;
      case "s":
        if (span * 1.5 >= end) zoomTo(null, { moving: true });
        else zoomTo(clamp(middle - span * 0.75, span * 1.5), { moving: true });
        break;
      case "0": showAll(); break;
      default: return;
    }
    event.preventDefault();
  }

  document.addEventListener("keydown", (event) => {
    if (event.target.id === `${NAME}-stage`) press(event);
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    [NAME]: {
      offer(...values) {
        const first = !byId("page").dataset.begun;
        const fields = window.dash_clientside.callback_context.inputs_list.map(({ id }) =>
          id.slice(NAME.length + 1),
        );
        view.values = Object.fromEntries(fields.map((field, i) => [field, values[i]]));
        if (first) {
          byId("page").dataset.begun = "yes";
          Object.assign(view, begin);
          range = [0, RANGE_STEPS];
          whenPlotted(() => gate.rest(state()));
        } else gate.moved(state());
        return no_update;
      },

      repaint() {
        if (!view.shown || !byId("graph")) return no_update;
        // What is shown greyed takes the new colours, too, before it is greyed again.
        view.recolour = byId("page").classList.contains("stale");
        gate.rest({ ...state(), ...(view.recolour && { values: view.good }) });
        return no_update;
      },

      ranged(places) {
        if (!view.shown || (places[0] === range[0] && places[1] === range[1])) return no_update;
        range = places;
        const all = places[0] === 0 && places[1] === RANGE_STEPS;
        const times = places.map((place) => (place / RANGE_STEPS) * view.shown.end_s);
        zoomTo(all ? null : times, { moving: true });
        return no_update;
      },

      locked(on) {
        if (!view.shown) return no_update;
        view.frozen = on ? wanted() || [0, view.shown.end_s] : null;
        gate.rest(state());
        return no_update;
      },

      reset(clicks) {
        if (clicks) showAll();
        return no_update;
      },
    },
  });
})();
