/* The pictures of a sweep with the cells that are known so far, as app/figures/surface.py and
   heatmap.py make them of a whole table; by their numbers, which are the plan's rules. */
(() => {
  const { sweep } = window.pdscope;
  const textOf = (value) =>
    typeof value === "number" ? window.pdscope.count(value) : String(value);

  /* A text's thousands apart as everywhere on a screen. */
  const thinned = (text) => text.replace(/(?<=\d),(?=\d{3})/g, "\u202f");

  /* What a value is of, where its unit does not say it. */
  const spoken = ({ symbol, rate }, text) => (rate ? text.replace("tokens/s", symbol) : `${symbol} ${text}`);

  function wrapped(text, width) {
    const lines = [""];
    for (const word of thinned(text).split(" ")) {
      if (lines.at(-1) && lines.at(-1).length + word.length >= width) lines.push("");
      lines[lines.length - 1] += lines.at(-1) ? ` ${word}` : word;
    }
    return lines.join("<br>");
  }

  /* Of an axis of times; app/figures/grid.py has the same. */
  function timeTicks(low, high, { same, time_ticks: { most, steps_ns: steps, units } }) {
    if (high - low <= same * high)
      return { tickvals: [low], ticktext: [window.pdscope.duration(low)] };
    const step = steps.find((ns) => ((high - low) * 1e9) / ns <= most);
    const ticks = [];
    for (let n = Math.ceil((low * 1e9) / step); n <= Math.floor((high * 1e9) / step); n++)
      ticks.push(n * step);
    const [, unit, ns] = units.find(([below]) => below === null || high < below);
    return {
      tickvals: ticks.map((tick) => tick / 1e9),
      ticktext: ticks.map((tick) => `${tick / ns} ${unit}`),
    };
  }

  function rateTicks(low, high, { same, rate_parts: parts, time_ticks: { most, steps_ns: steps } }) {
    if (high - low <= same * high)
      return { tickvals: [low], ticktext: [window.pdscope.rate(low)] };
    const step = steps.find((one) => ((high - low) * parts) / one <= most);
    const values = [];
    for (let n = Math.ceil((low * parts) / step); n <= Math.floor((high * parts) / step); n++)
      values.push((n * step) / parts);
    const text = (value) => value.toLocaleString("en-US", { maximumFractionDigits: 3 });
    return { tickvals: values, ticktext: values.map((v) => text(v).replaceAll(",", "\u202f")) };
  }

  /* Where a value is among cells at 0, 1, 2, …; null outside of them. */
  function placeAmong(values, value) {
    const place = values.indexOf(value);
    if (place >= 0) return place;
    const right = values.findIndex((one) => one > value);
    if (typeof value === "string" || right < 1) return null;
    const [low, high] = values.slice(right - 1, right + 1);
    return right - 1 + (value - low) / (high - low);
  }

  function hasPatch(z) {
    return z.slice(1).some((line, j) =>
      line.slice(1).some((_, i) =>
        [z[j][i], z[j][i + 1], line[i], line[i + 1]].every((height) => height !== null),
      ),
    );
  }

  /* A run's rows as both pictures need them. */
  function gridOf(run, metric) {
    const { plan, answer, rows } = run;
    const { rules } = plan;
    const [x, y] = plan.axes;
    const [xs, ys] = plan.axes.map(({ field }) => answer.axes[field]);
    const found = rows.filter((row) => row[metric.field] !== null);
    const column = new Map(xs.map((value, n) => [value, n]));
    const line = new Map(ys.map((value, n) => [value, n]));
    const place = (row) =>
      plan.axes.map(({ field, name }) => `${name} ${textOf(row[field])}`).join("<br>");
    const { duration, rate } = window.pdscope;
    const value = (row) => (metric.rate ? rate : duration)(row[metric.field]);
    const times = found.map((row) => row[metric.field]);
    return {
      ...{ least: Math.min(...times), most: times.length ? Math.max(...times) : 0 },
      ...{ x, y, xs, ys, metric, found, value, rules },
      best: best(found, plan, metric),
      joint: plan.joint,
      ticks: metric.rate ? rateTicks : timeTicks,
      holes: (outcome) => rows.filter((row) => row.outcome === outcome),
      column: (row) => column.get(row[x.field]),
      line: (row) => line.get(row[y.field]),
      hover: (row) => `${spoken(metric, value(row))}<br>${place(row)}`,
      why: (row) => `${place(row)}<br>${wrapped(row.reason, rules.hover_width)}`,
      matrix(make) {
        const all = ys.map(() => xs.map(() => null));
        for (const row of found) all[line.get(row[y.field])][column.get(row[x.field])] = make(row);
        return all;
      },
    };
  }

  function best(found, { axes: [x, y], joint, rules: { same } }, { field, rate }) {
    const better = (a, b) => (rate ? b[field] > a[field] : b[field] < a[field]);
    const least = (some) => some.reduce((a, b) => (better(a, b) ? b : a));
    if (x.names || joint) {
      const value = found.length ? least(found)[field] : 0;
      const among = found.filter((row) => Math.abs(row[field] - value) <= same * Math.abs(value));
      if (x.names || !among.length) return among;
      // Chosen together they are one: with the fewest GPUs.
      const gpus = (row) => row[x.field] * row[y.field];
      return [among.toSorted((a, b) => gpus(a) - gpus(b) || a[y.field] - b[y.field])[0]];
    }
    const lines = Map.groupBy(found, (row) => row[y.field]);
    return [...lines.keys()]
      .sort((a, b) => a - b)
      .map((key) => lines.get(key).toSorted((a, b) => a[x.field] - b[x.field]))
      .filter((line) => {
        const all = line.map((row) => row[field]);
        return line.length === 1 || Math.max(...all) > Math.min(...all) * (1 + same);
      })
      .map(least);
  }

  function heightAxis({ most, rules, ticks }) {
    if (!most) return { range: [0, 1], showticklabels: false };
    const { footroom, headroom } = rules.surface;
    const range = [-footroom * most, (1 + headroom) * most];
    return { range, showticklabels: true, ...ticks(0, most, rules) };
  }

  const listTicks = (values) => ({ tickvals: values, ticktext: values.map(textOf) });

  function surface(grid, metric, { data, layout }) {
    const [whole, points, skipped, infeasible, marks] = data;
    const { x, y, xs, ys, found, rules } = grid;
    const { lift, best_lift: bestLift, floor_sizes: floorSizes } = rules.surface;
    const z = grid.matrix((row) => row[metric.field]);
    const { least, most, one } = rules.point_size;
    const size = Math.min(most, Math.max(least, one / Math.sqrt(xs.length * ys.length)));
    const at = (rows, heights, text) => ({
      x: rows.map((row) => row[x.field]),
      y: rows.map((row) => row[y.field]),
      z: heights,
      text: rows.map(text),
    });
    const heights = (rows, share) => rows.map((row) => row[metric.field] + share * grid.most);
    const zaxis = { ...layout.scene.zaxis, ...heightAxis(grid) };
    const sized = (trace, factor) => ({ ...trace.marker, size: factor * size });
    const floor = (trace) => {
      const rows = grid.holes(trace.name);
      return {
        ...trace,
        ...at(rows, rows.map(() => 0), grid.why),
        marker: sized(trace, floorSizes[trace.name]),
      };
    };
    return {
      data: [
        { ...whole, x: xs, y: ys, z, text: grid.matrix(grid.hover), visible: hasPatch(z) },
        { ...points, ...at(found, heights(found, lift), grid.hover), marker: sized(points, 1) },
        floor(skipped),
        floor(infeasible),
        { ...marks, ...at(grid.best, heights(grid.best, bestLift), grid.hover) },
      ],
      layout: {
        ...layout,
        scene: {
          ...layout.scene,
          zaxis,
          ...(x.listed ? { xaxis: { ...layout.scene.xaxis, ...listTicks(xs) } } : {}),
          ...(y.listed ? { yaxis: { ...layout.scene.yaxis, ...listTicks(ys) } } : {}),
        },
      },
    };
  }

  function ticks(axis, values, { most_ticks: most }, width) {
    const step = axis.names ? 1 : Math.max(1, Math.ceil(values.length / most));
    const places = values.map((_, n) => n).filter((n) => n % step === 0);
    const texts = places.map((n) => textOf(values[n]));
    return {
      tickvals: places,
      ticktext: axis.names ? texts.map((text) => wrapped(text, width)) : texts,
      range: [-0.5, Math.max(1, values.length) - 0.5],
    };
  }

  function heat(grid, metric, { data, layout }, carried) {
    const [cells, skipped, infeasible, here, marks] = data;
    const { x, y, xs, ys, rules } = grid;
    const hatched = (trace) => {
      const rows = grid.holes(trace.name);
      return {
        ...trace,
        x: rows.map(grid.column),
        y: rows.map(() => 1),
        base: rows.map((row) => grid.line(row) - 0.5),
        hovertext: rows.map(grid.why),
      };
    };
    const aside = x.names ? rules.heat.corner : 0;
    // Names of many rows have a line each.
    const room = ys.length > rules.heat.most_wrapped ? Infinity : rules.heat.name_width;
    const yTicks = ticks(y, ys, rules.heat, room);
    if (y.names) yTicks.range.reverse();
    const places = [[x, xs], [y, ys]].map(([{ field }, all]) => placeAmong(all, carried[field]));
    const isHere = !places.includes(null);
    const scale = grid.found.length ? grid.ticks(grid.least, grid.most, rules) : {};
    return {
      data: [
        {
          ...cells,
          x: xs.map((_, n) => n),
          y: ys.map((_, n) => n),
          z: grid.matrix((row) => row[metric.field]),
          colorbar: { ...cells.colorbar, ...scale },
          hovertext: grid.matrix(grid.hover),
          ...(x.names ? { text: grid.matrix(grid.value) } : {}),
        },
        hatched(skipped),
        hatched(infeasible),
        {
          ...here,
          x: isHere ? [places[0] - aside] : [],
          y: isHere ? [places[1] - aside] : [],
        },
        {
          ...marks,
          x: grid.best.map((row) => grid.column(row) + aside),
          y: grid.best.map((row) => grid.line(row) - aside),
          text: grid.best.map(grid.hover),
        },
      ],
      layout: {
        ...layout,
        xaxis: { ...layout.xaxis, ...ticks(x, xs, rules.heat, rules.heat.name_width) },
        yaxis: { ...layout.yaxis, ...yTicks },
      },
    };
  }

  const DRAW = { surface, heat };

  Object.assign(sweep, {
    gridOf,
    spoken,
    textOf,
    thinned,

    /* Copies, as Plotly writes into what it is given: where the camera is, for one. */
    emptyFigures: (plan, metric, theme) =>
      JSON.parse(JSON.stringify(plan.figures[theme]).replaceAll(plan.symbol, metric.symbol)),

    figures(run, metric, theme) {
      const { plan, answer } = run;
      const grid = gridOf(run, metric);
      return sweep.emptyFigures(plan, metric, theme).map((empty, n) => {
        const { data, layout } = DRAW[plan.pictures[n]](grid, metric, empty, plan.carried);
        const subtitle = { ...layout.title.subtitle, text: answer.subtitle.join("<br>") };
        return { data, layout: { ...layout, title: { ...layout.title, subtitle } } };
      });
    },

    /* The row of a point of the surface. */
    pointAt({ plan, rows }, { x, y }) {
      const [a, b] = plan.axes.map(({ field }) => field);
      return rows.find((row) => row[a] === x && row[b] === y);
    },

    /* The row of a cell of the heat map. */
    cellAt(run, { curveNumber, pointNumber, x, y }) {
      const outcome = [null, "skipped", "infeasible"][curveNumber];
      // A bar's y is its end; what it stands for is known by its number.
      if (outcome) return run.rows.filter((row) => row.outcome === outcome)[pointNumber];
      const [xs, ys] = run.plan.axes.map(({ field }) => run.answer.axes[field]);
      return sweep.pointAt(run, { x: xs[Math.round(x)], y: ys[Math.round(y)] });
    },
  });
})();
