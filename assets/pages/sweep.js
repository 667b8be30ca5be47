/* Sweeps: asks the server for one slice after the other and shows what has come. A run that is
   cancelled, superseded or left simply asks no further. What is shown of it, and the files to
   download, are made in the folder sweep/. */
(() => {
  const PATIENCE_MS = 60_000;
  // After a failure: the first pause, doubled each time up to the longest.
  const PAUSE_MS = 500;
  const LONGEST_PAUSE_MS = 8_000;
  const runs = {}; // by page: the newest run
  const drawn = {}; // by page: the run whose cells are in the pictures
  const shown = {}; // by page: the metric in the pictures

  const { no_update } = window.dash_clientside;
  const { scheme } = window.pdscope;
  const sweep = (window.pdscope.sweep = {
    /* What a page's pictures are of; null before there is anything. */
    shown(page) {
      const run = drawn[page];
      return run ? { run, metric: metricOf(run.plan) } : null;
    },
  });
  const byId = (plan, part) => document.getElementById(`${plan.page}-${part}`);
  const show = (plan, part, props) =>
    window.dash_clientside.set_props(`${plan.page}-${part}`, props);
  const isOpen = (plan) => byId(plan, "page") !== null;
  const isWanted = (run) => runs[run.plan.page] === run && !run.over && isOpen(run.plan);
  const metricOf = (plan) => plan.metrics[shown[plan.page]];

  /* The numbers of a box that lists them; what is none stays as it is, for the server to refuse. */
  const listed = (text) =>
    String(text ?? "").split(/[\s,;]+/).filter(Boolean).map(window.pdscope.controls.parse);

  /* Values of the boxes, in the order in which the callback gives them, as the server's body. */
  function question(plan, values) {
    const { parse } = window.pdscope.controls;
    const isText = (n) => plan.texts.includes(plan.fields[n - values.length + plan.fields.length]);
    const parsed = values.map((value, n) => (isText(n) ? value : parse(value)));
    const rest = parsed.map((value) => (value === "" ? null : value));
    const axes = {};
    for (const { field, names, listed: isList } of plan.axes) {
      if (names || isList) {
        const value = rest.shift() || [];
        axes[field] = isList ? listed(value) : value;
        continue;
      }
      const ends = rest.splice(0, plan.ends.length);
      axes[field] = Object.fromEntries(plan.ends.map((end, n) => [end, ends[n]]));
    }
    const scenario = Object.fromEntries(plan.fields.map((name, n) => [name, rest[n]]));
    return { scenario, carried: plan.carried, axes };
  }

  /* The server's answer; throws where it gives none, which it may do once it has been restarted. */
  async function askOnce(run, first) {
    const response = await fetch(run.plan.slices, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...run.question, first }),
      signal: AbortSignal.any([run.abort.signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    const type = response.headers.get("Content-Type") || "";
    if (type.startsWith("application/json")) return response.json();
    const failure = new Error(`status ${response.status}`);
    failure.final = response.status < 500;
    throw failure;
  }

  /* A slice depends on nothing that came before, so that it can be asked for again. */
  async function ask(run, first) {
    const end = performance.now() + PATIENCE_MS;
    for (let pause = PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        const answer = await askOnce(run, first);
        if (run.silent) {
          run.silent = false;
          say(run, "The server is back. Computing…");
        }
        return answer;
      } catch (error) {
        if (error.final || !isWanted(run) || performance.now() + pause > end) throw error;
        if (!run.silent) say(run, "The server does not answer. Asking again until it does…");
        run.silent = true;
        await new Promise((resolve) => setTimeout(resolve, pause));
        if (!isWanted(run)) throw error;
      }
    }
  }

  const say = (run, text) => isWanted(run) && show(run.plan, "status", { children: text });

  async function work(run) {
    let asked = ask(run, 0);
    while (isWanted(run)) {
      const answer = await asked;
      if (!isWanted(run)) return;
      if (answer.error) return refuse(run, answer);
      if (!run.answer) {
        sweep.writeAddress(run.plan, answer.query, shown[run.plan.page]);
        sweep.carry(answer.scenario);
        document.title = `${run.plan.title}: ${answer.subtitle.join(", ")} · pdscope`;
      }
      run.answer = answer;
      const { links, why } = answer;
      const facts = (n) => ({ link: links[n], pools: why.pools[n] });
      run.rows.push(...answer.rows.map((row, n) => ({ ...row, ...facts(n) })));
      if (why.lack && !(run.lack?.share >= why.lack.share)) run.lack = why.lack;
      run.over = answer.next >= answer.total;
      // The server computes on while the browser draws.
      if (!run.over) {
        asked = ask(run, answer.next);
        asked.catch(() => {}); // It is awaited above, where a failure is told.
      }
      report(run);
    }
  }

  function refuse(run, { error, field, end }) {
    run.over = true;
    const { plan } = run;
    const beside = byId(plan, `${field}-message`) !== null;
    show(plan, beside ? `${field}-message` : "error", { children: `${error}.` });
    if (beside) sweep.markWrong(byId(plan, `${field}-control`), byId(plan, `${field}-${end}`));
    show(plan, "cancel", { disabled: true });
    restore(plan, "");
  }

  /* What is said of the run that is still shown, or `otherwise` where there is none. */
  function restore(plan, otherwise) {
    const run = drawn[plan.page];
    tellProgress(plan, run);
    show(plan, "status", { children: run ? summary(run) : otherwise });
  }

  function tellProgress(plan, run) {
    const { count } = window.pdscope;
    const [done, total] = run ? [run.rows.length, run.answer.total] : [0, 1];
    show(plan, "progress", { value: String(done), max: String(total) });
    show(plan, "count", { children: run ? `${count(done)} of ${count(total)} cells` : "" });
  }

  const summary = (run) => sweep.summary(run, metricOf(run.plan));

  function report(run) {
    const { plan } = run;
    drawn[plan.page] = run;
    draw(run);
    sweep.tellNothing(byId(plan, "nothing"), run);
    sweep.markStale(plan, run);
    tellProgress(plan, run);
    show(plan, "html", { disabled: false });
    show(plan, "csv", { disabled: false });
    if (run.over) finish(run);
  }

  /* What is said and linked once no more cells come. */
  function finish(run) {
    show(run.plan, "cancel", { disabled: true });
    show(run.plan, "status", { children: summary(run) });
    sweep.listBest(byId(run.plan, "best"), run, metricOf(run.plan));
  }

  function draw(run) {
    const figures = sweep.figures(run, metricOf(run.plan), scheme());
    run.plan.pictures.forEach((part, n) => show(run.plan, part, { figure: figures[n] }));
  }

  function clear(plan) {
    for (const field of [...plan.axes.map((axis) => axis.field), ...plan.fields]) {
      show(plan, `${field}-message`, { children: "" });
      sweep.markRight(byId(plan, `${field}-control`));
    }
    show(plan, "error", { children: "" });
  }

  const fail = (run) => (error) => {
    if (isWanted(run))
      refuse(run, { error: `The server does not answer (${error.message}); run it again` });
  };

  const files = (plan) => [drawn[plan.page], metricOf(plan)];

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    sweep: {
      start(clicks, plan, metric, ...values) {
        runs[plan.page]?.abort.abort();
        // On a page that was opened anew, what was drawn on it before is of no use.
        if (!clicks) delete drawn[plan.page];
        shown[plan.page] = metric;
        const run = { plan, rows: [], over: false, silent: false, abort: new AbortController() };
        run.question = question(plan, values);
        runs[plan.page] = run;
        clear(plan);
        show(plan, "cancel", { disabled: false });
        show(plan, "status", { children: "Computing…" });
        work(run).catch(fail(run));
        return "";
      },
      changed(...values) {
        const plan = values.pop();
        sweep.heard(plan, question(plan, values));
        sweep.markStale(plan, drawn[plan.page]);
        return no_update;
      },
      cancel(clicks, plan) {
        const run = runs[plan.page];
        run.over = true;
        run.abort.abort();
        if (run.answer) finish(run);
        else restore(plan, "Cancelled.");
        return true;
      },
      /* The scheme or the metric is another one: nothing has to be computed for that. */
      show(theme, metric, plan) {
        const changed = shown[plan.page] && shown[plan.page] !== metric;
        shown[plan.page] = metric;
        const { filename } = metricOf(plan);
        const config = {
          ...plan.config,
          toImageButtonOptions: { filename, scale: 2 },
        };
        for (const part of plan.pictures) show(plan, part, { config });
        const run = drawn[plan.page];
        if (changed) {
          const query = run?.answer.query ?? window.location.search.slice(1);
          sweep.writeAddress(plan, query, metric);
        }
        if (run?.over && runs[plan.page] === run) finish(run);
        const figures = run
          ? sweep.figures(run, metricOf(plan), scheme())
          : sweep.emptyFigures(plan, metricOf(plan), scheme());
        return figures.length === 1 ? figures[0] : figures;
      },
      html(clicks, plan) {
        sweep.savePage(...files(plan)).catch((error) =>
          show(plan, "error", { children: `No file: ${error.message}` }),
        );
        return false;
      },
      csv(clicks, plan) {
        sweep.saveTable(drawn[plan.page]);
        return false;
      },
      open(click, plan) {
        const run = drawn[plan.page];
        const row = click && run && sweep.cellAt(run, click.points[0]);
        if (row) sweep.open(row.link);
        // So that the same cell can be clicked again.
        return click ? null : no_update;
      },
      point(hover, plan) {
        const run = drawn[plan.page];
        sweep.pointed = (hover && run && sweep.pointAt(run, hover.points[0])) || null;
        return no_update;
      },
    },
  });

  /* Enter in a box is Run, unless it chooses from a list. */
  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (event.key !== "Enter" || event.isComposing || !box.matches?.(".sweep-rail input")) return;
    if (box.getAttribute("aria-haspopup") === "listbox") return;
    event.preventDefault();
    document.querySelector(".sweep-buttons button").click();
  });
})();
