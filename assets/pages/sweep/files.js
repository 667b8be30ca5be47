/* The files that a sweep can be saved as. */
(() => {
  const { sweep } = window.pdscope;
  const KEEP_MS = 60_000;

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
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), KEEP_MS);
  }

  Object.assign(sweep, {
    saveTable: (run) => save(`${run.plan.table}${run.answer.suffix}.csv`, "text/csv", csv(run)),
    savePage: async (run, metric) =>
      save(`${metric.filename}.html`, "text/html", await page(run, metric)),
  });
})();
