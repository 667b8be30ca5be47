/* The files that a sweep can be saved as. */
(() => {
  const { sweep } = window.pdscope;

  function csv({ plan, rows }) {
    const cell = (value) => {
      const text = value === null ? "" : String(value);
      return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const lines = rows.map((row) => plan.columns.map((name) => cell(row[name])).join(","));
    return `${[plan.columns.join(","), ...lines].join("\n")}\n`;
  }

  async function page(run, metric) {
    const response = await fetch(run.plan.blank);
    if (!response.ok) throw new Error(`status ${response.status}`);
    const [light, dark] = ["light", "dark"].map((theme) => sweep.figures(run, metric, theme));
    const json = JSON.stringify({ light, dark }).replaceAll("<", "\\u003c");
    return (await response.text()).replace(run.plan.place, () => json);
  }

  function save(name, type, text) {
    window.pdscope.saveAs(new Blob([text], { type }), name);
  }

  Object.assign(sweep, {
    saveTable: (run) => save(`${run.plan.table}${run.answer.suffix}.csv`, "text/csv", csv(run)),
    savePage: async (run, metric) =>
      save(`${metric.filename}.html`, "text/html", await page(run, metric)),
  });
})();
