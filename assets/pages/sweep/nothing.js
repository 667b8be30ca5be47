/* Why cells cannot be run, and what is shown where none can. */
(() => {
  const { sweep } = window.pdscope;
  const { count } = window.pdscope;

  const POOLS = {
    "prefill": "the prefill pool does not fit",
    "decode": "the decode pool does not fit",
    "prefill,decode": "neither pool fits",
  };

  const reasonOf = ({ pools, reason }) => POOLS[pools] ?? sweep.thinned(reason);

  /* The commonest of the reasons, and in how many of the rows it is the one. */
  function commonest(rows) {
    const all = Map.groupBy(rows, reasonOf);
    return [...all].map(([why, own]) => [why, own.length]).reduce((a, b) => (b[1] > a[1] ? b : a));
  }

  function advice({ lack }) {
    if (!lack) return "";
    const labels = lack.remedies.map(({ label }) => label);
    if (!labels.length) return "; for the fullest one no PP, N or T alone helps";
    return `; even the fullest one would with ${labels.join(" or ")}`;
  }

  /* Sets what would help: in its own box, or at the end of the axis that stops short of it. */
  function set({ plan }, values) {
    for (const [field, value] of Object.entries(values)) {
      if (plan.axes.some((axis) => axis.listed && axis.field === field)) {
        const box = document.getElementById(`${plan.page}-${field}`);
        window.dash_clientside.set_props(box.id, { value: `${box.value}, ${value}` });
        continue;
      }
      const box = document.getElementById(`${plan.page}-${field}`)
        ? `${plan.page}-${field}`
        : `${plan.page}-${field}-${value < lowest(plan, field) ? "from" : "to"}`;
      window.dash_clientside.set_props(box, { value: count(value) });
    }
    document.getElementById(`${plan.page}-run`).click();
  }

  function lowest(plan, field) {
    const box = document.getElementById(`${plan.page}-${field}-from`);
    return window.pdscope.controls.parse(box.value);
  }

  function button(run, { values, label }) {
    const one = document.createElement("button");
    one.type = "button";
    one.className = "remedy";
    one.textContent = `Run with ${label}`;
    one.addEventListener("click", () => set(run, values));
    return one;
  }

  /* The commonest reason and what would help, and in how many of the cells it is the one. */
  function reasonOfAll(run, cannot) {
    const [why, times] = commonest(cannot);
    return [why + advice(run), times];
  }

  const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
  const infeasible = ({ rows }) => rows.filter((row) => row.outcome === "infeasible");

  Object.assign(sweep, {
    /* A sentence of the cells that cannot be run; null if there are none. */
    whyInfeasible(run) {
      const cannot = infeasible(run);
      if (!cannot.length) return null;
      const [why, times] = reasonOfAll(run, cannot);
      const some = times < cannot.length ? `, ${count(times)} of them as` : ":";
      return (
        `${count(cannot.length)} of ${count(run.rows.length)} cells are infeasible${some} ${why}.`
      );
    },

    /* In place of a surface that has no point. */
    tellNothing(place, run) {
      place.hidden = !run.over || run.rows.some((row) => row.outcome === "done");
      if (place.hidden) return;
      const cannot = infeasible(run);
      const [title, text] = ["strong", "p"].map((name) => document.createElement(name));
      title.textContent = cannot.length ? "No cell can be run" : "There is nothing to run";
      text.textContent = cannot.length
        ? sentence(reasonOfAll(run, cannot)[0])
        : "Every chunk is longer than its prompt: lower M or raise T.";
      const buttons = document.createElement("div");
      buttons.append(...(run.lack?.remedies ?? []).map((remedy) => button(run, remedy)));
      place.replaceChildren(title, text, buttons);
    },
  });
})();
