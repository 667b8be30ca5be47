/* Sweeps: asks the server for one slice after the other, fills the picture as they come, and makes
   the files to download. A run that is cancelled, superseded or left simply asks no further. */
(() => {
  const PATIENCE_MS = 60_000;
  const runs = {}; // by page: the newest run
  const drawn = {}; // by page: the run whose cells are in the picture

  const show = (plan, part, props) =>
    window.dash_clientside.set_props(`${plan.page}-${part}`, props);
  const isOpen = (plan) => document.getElementById(`${plan.page}-graph`) !== null;
  const isWanted = (run) => runs[run.plan.page] === run && !run.over && isOpen(run.plan);
  const scheme = () => document.documentElement.getAttribute("data-mantine-color-scheme");

  /* Values of the controls, in the order in which the callback gives them, as the server's body. */
  function question(plan, values) {
    const known = (value) => (value === "" || value === undefined ? null : value);
    const rest = values.map(known);
    const axes = {};
    for (const { field } of plan.axes) {
      const ends = rest.splice(0, plan.ends.length);
      axes[field] = Object.fromEntries(plan.ends.map((end, n) => [end, ends[n]]));
    }
    return { scenario: Object.fromEntries(plan.fields.map((name, n) => [name, rest[n]])), axes };
  }

  async function ask(run, first) {
    const response = await fetch(run.plan.slices, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...run.question, first }),
      signal: AbortSignal.any([run.abort.signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    const type = response.headers.get("Content-Type") || "";
    if (!type.startsWith("application/json")) throw new Error(`status ${response.status}`);
    return response.json();
  }

  async function work(run) {
    let asked = ask(run, 0);
    while (isWanted(run)) {
      const answer = await asked;
      if (!isWanted(run)) return;
      if (answer.error) return refuse(run, answer.error, answer.field);
      run.answer = answer;
      run.rows.push(...answer.rows);
      run.over = answer.next >= answer.total;
      // The server computes on while the browser draws.
      if (!run.over) {
        asked = ask(run, answer.next);
        asked.catch(() => {}); // It is awaited above, where a failure is told.
      }
      report(run);
    }
  }

  function refuse(run, error, field) {
    run.over = true;
    const { plan } = run;
    const beside = [...plan.axes.map((axis) => axis.field), ...plan.fields].includes(field);
    show(plan, beside ? `${field}-message` : "error", { children: error });
    show(plan, "cancel", { disabled: true });
    show(plan, "count", { children: "" });
    show(plan, "progress", { value: "0" });
    show(plan, "status", { children: drawn[plan.page] ? summary(drawn[plan.page]) : "" });
  }

  function report(run) {
    const { plan, answer } = run;
    const done = run.rows.length;
    drawn[plan.page] = run;
    show(plan, "graph", { figure: filled(run, scheme()) });
    show(plan, "progress", { value: String(done), max: String(answer.total) });
    show(plan, "count", { children: `${count(done)} of ${count(answer.total)} cells` });
    show(plan, "html", { disabled: false });
    show(plan, "csv", { disabled: false });
    if (run.over) {
      show(plan, "cancel", { disabled: true });
      show(plan, "status", { children: summary(run) });
    }
  }

  /* A copy, as Plotly writes into what it is given: where the camera is, for one. */
  const empty = (plan, theme) => structuredClone(plan.figures[theme] || plan.figures.light);

  /* The plan's empty figure with what is known so far, as app/figures/surface.py fills it. */
  function filled(run, theme) {
    const { plan, answer, rows } = run;
    const { data, layout } = empty(plan, theme);
    const [x, y] = plan.axes.map((axis) => axis.field);
    const [xs, ys] = [answer.axes[x], answer.axes[y]];
    const z = ys.map(() => xs.map(() => null));
    const [column, line] = [xs, ys].map((values) => new Map(values.map((value, n) => [value, n])));
    const found = rows.filter((row) => row.ttds_s !== null);
    const missing = rows.filter((row) => row.ttds_s === null);
    for (const row of found) z[line.get(row[y])][column.get(row[x])] = row.ttds_s;
    const at = (some) => ({ x: some.map((row) => row[x]), y: some.map((row) => row[y]) });
    const [surface, points, holes] = data;
    const size = Math.min(3.2, Math.max(1.4, 40 / Math.sqrt(xs.length * ys.length)));
    const sized = (trace, factor) => ({ ...trace.marker, size: factor * size });
    const subtitle = { ...layout.title.subtitle, text: answer.subtitle.join("<br>") };
    return {
      data: [
        { ...surface, x: xs, y: ys, z, visible: hasPatch(z) },
        {
          ...points,
          ...at(found),
          z: found.map((row) => row.ttds_s),
          marker: sized(points, 1),
        },
        {
          ...holes,
          ...at(missing),
          z: missing.map(() => 0),
          text: missing.map((row) => wrapped(row.reason)),
          marker: sized(holes, 1.6),
        },
      ],
      layout: { ...layout, title: { ...layout.title, subtitle } },
    };
  }

  function hasPatch(z) {
    return z.slice(1).some((line, j) =>
      line.slice(1).some((_, i) =>
        [z[j][i], z[j][i + 1], line[i], line[i + 1]].every((height) => height !== null),
      ),
    );
  }

  function wrapped(text, width = 56) {
    const lines = [""];
    for (const word of text.split(" ")) {
      if (lines.at(-1) && lines.at(-1).length + word.length >= width) lines.push("");
      lines[lines.length - 1] += lines.at(-1) ? ` ${word}` : word;
    }
    return lines.join("<br>");
  }

  function summary(run) {
    const { plan, rows, answer } = run;
    const [x, y] = plan.axes;
    const found = rows.filter((row) => row.ttds_s !== null);
    const least = (some) => some.reduce((a, b) => (b.ttds_s < a.ttds_s ? b : a));
    const value = (axis, row) => `${axis.symbol} = ${count(row[axis.field])}`;
    const parts = [];
    if (rows.length < answer.total)
      parts.push(`Cancelled after ${count(rows.length)} of ${count(answer.total)} cells.`);
    if (found.length) {
      const best = least(found);
      const top = Math.max(...found.map((row) => row[y.field]));
      const there = least(found.filter((row) => row[y.field] === top));
      parts.push(`Best TTDS ${time(best.ttds_s)} at ${value(x, best)}, ${value(y, best)}.`);
      if (top !== best[y.field])
        parts.push(`At ${value(y, there)} it is ${time(there.ttds_s)}, at ${value(x, there)}.`);
    }
    const holes = rows.length - found.length;
    parts.push(holes ? `${count(holes)} of ${count(rows.length)} cells are infeasible.` : "Every cell fits.");
    return parts.join(" ");
  }

  const count = (number) => number.toLocaleString("en");

  function time(seconds) {
    return seconds < 1
      ? `${(seconds * 1e3).toPrecision(4)} ms`
      : `${seconds.toLocaleString("en", { maximumSignificantDigits: 4 })} s`;
  }

  function csv(run) {
    const cell = (value) => {
      const text = value === null ? "" : String(value);
      return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const { columns } = run.plan;
    const lines = run.rows.map((row) => columns.map((name) => cell(row[name])).join(","));
    return `${[columns.join(","), ...lines].join("\n")}\n`;
  }

  async function page(run) {
    const response = await fetch(run.plan.blank);
    if (!response.ok) throw new Error(`status ${response.status}`);
    const figures = { light: filled(run, "light"), dark: filled(run, "dark") };
    const json = JSON.stringify(figures).replaceAll("<", "\\u003c");
    return (await response.text()).replace(run.plan.place, () => json);
  }

  function save(name, type, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), PATIENCE_MS);
  }

  const fail = (run) => (error) => {
    if (isWanted(run)) refuse(run, `The server does not answer (${error.message}); run it again.`);
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    sweep: {
      start(clicks, plan, ...values) {
        runs[plan.page]?.abort.abort();
        const run = { plan, rows: [], over: false, abort: new AbortController() };
        run.question = question(plan, values);
        runs[plan.page] = run;
        for (const { field } of plan.axes) show(plan, `${field}-message`, { children: "" });
        for (const field of plan.fields) show(plan, `${field}-message`, { children: "" });
        show(plan, "error", { children: "" });
        show(plan, "cancel", { disabled: false });
        show(plan, "status", { children: "Computing…" });
        work(run).catch(fail(run));
        return "";
      },
      cancel(clicks, plan) {
        const run = runs[plan.page];
        run.over = true;
        run.abort.abort();
        show(plan, "status", { children: run.answer ? summary(run) : "Cancelled." });
        return true;
      },
      draw(theme, plan) {
        const run = drawn[plan.page];
        return run ? filled(run, theme) : empty(plan, theme);
      },
      html(clicks, plan) {
        page(drawn[plan.page])
          .then((text) => save(`${plan.filename}.html`, "text/html", text))
          .catch((error) => show(plan, "error", { children: `No file: ${error.message}` }));
        return false;
      },
      csv(clicks, plan) {
        save(`${plan.filename}.csv`, "text/csv", csv(drawn[plan.page]));
        return false;
      },
    },
  });
})();
