/* What is said of a sweep: the sentence, the links to its best cells, and what is wrong. */
(() => {
  const { sweep } = window.pdscope;
  // Of the best of names there are several only where they are equal.
  const MOST_LINKS = { numbers: 24, names: 6 };
  const { count, duration } = window.pdscope;
  const text = (value) => (typeof value === "number" ? count(value) : value);

  /* Of two degrees that are chosen together. */
  function together({ best: [row], x, y, value }, metric) {
    const gpus = count(row[x.field] * row[y.field]);
    return [
      `Best ${sweep.spoken(metric, value(row))} at ${x.name} = ${row[x.field]} and ` +
        `${y.name} = ${row[y.field]}, on ${gpus} ${gpus === "1" ? "GPU" : "GPUs"}.`,
      `Marked: the cell with the ${metric.rate ? "most" : "least"} ${metric.symbol} of all that ` +
        "can be run; of equal ones the one with the fewest GPUs.",
    ];
  }

  function best(grid, metric) {
    const { found, x, y } = grid;
    if (grid.joint) return together(grid, metric);
    const least = found.reduce((a, b) => (b[metric.field] < a[metric.field] ? b : a));
    const time = duration(least[metric.field]);
    if (x.names) {
      const among = grid.best.length > 1 ? ` in ${count(grid.best.length)} cells, for example` : ":";
      return [
        `Best ${metric.symbol} ${time}${among} prefill on ${least[y.field]}, decode on ` +
          `${least[x.field]}.`,
      ];
    }
    const at = (row) => `${x.name} = ${text(row[x.field])}, ${y.name} = ${text(row[y.field])}`;
    if (!grid.best.length) return [`${metric.symbol} does not depend on ${x.name}.`];
    const values = [...new Set(grid.best.map((row) => row[x.field]))].sort((a, b) => a - b);
    const range =
      values.length === 1
        ? `always ${text(values[0])}`
        : `from ${text(values[0])} to ${text(values.at(-1))}`;
    // Beyond it there may be better ones.
    const edge = values.at(-1) === grid.xs.at(-1) ? ", the largest tried" : "";
    return [
      `Best ${metric.symbol} ${time} at ${at(least)}.`,
      `Marked: the best ${x.name} for each ${y.name}, ${range}${edge}.`,
    ];
  }

  Object.assign(sweep, {
    summary(run, metric) {
      const { rows, answer } = run;
      const grid = sweep.gridOf(run, metric);
      const parts = [];
      if (rows.length < answer.total)
        parts.push(`Cancelled after ${count(rows.length)} of ${count(answer.total)} cells.`);
      if (grid.found.length) parts.push(...best(grid, metric));
      const skipped = grid.holes("skipped").length;
      const cannot = sweep.whyInfeasible(run);
      if (cannot) parts.push(cannot);
      if (skipped) parts.push(`${count(skipped)} of ${count(rows.length)} skipped, as M > T.`);
      if (!cannot && !skipped) parts.push("Every cell fits.");
      return parts.join(" ");
    },

    /* Links to the cells that are marked, for the keyboard and for screen readers, too. */
    listBest(place, run, metric) {
      const grid = sweep.gridOf(run, metric);
      const { x, y } = grid;
      if (!place) return;
      const most = x.names ? MOST_LINKS.names : MOST_LINKS.numbers;
      const items = grid.best.slice(0, most).map((row) => {
        const link = document.createElement("a");
        link.href = sweep.hrefOf(row.link);
        link.textContent = x.names
          ? `${row[y.field]} → ${row[x.field]}`
          : grid.joint
          ? `${x.name} ${text(row[x.field])} and ${y.name} ${text(row[y.field])}`
          : `${y.name} ${text(row[y.field])}: ${x.name} ${text(row[x.field])}`;
        link.addEventListener("click", (event) => {
          if (event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          sweep.open(row.link);
        });
        const value = document.createElement("span");
        value.textContent = metric.rate ? sweep.spoken(metric, grid.value(row)) : grid.value(row);
        const item = document.createElement("li");
        item.append(link, " ", value);
        return item;
      });
      const title = document.createElement("h2");
      title.textContent = x.names || grid.joint
        ? "Open the best in Gantt6D"
        : `Open the best ${x.name} for each ${y.name} in Gantt6D`;
      const list = document.createElement("ul");
      list.append(...items);
      const more = document.createElement("p");
      more.textContent = `And ${count(grid.best.length - items.length)} more: click them above.`;
      place.replaceChildren(
        ...(items.length ? [title, list] : []),
        ...(grid.best.length > items.length ? [more] : []),
      );
    },

    /* The box of a control that its message is about: the only one, unless it is told. */
    markWrong(control, told) {
      const box = told || control.querySelector("input:not([type=hidden])");
      control.classList.add("wrong");
      box.setAttribute("aria-invalid", "true");
      box.setAttribute("aria-describedby", control.querySelector(".control-message").id);
      box.focus();
    },
    markRight(control) {
      control.classList.remove("wrong");
      for (const box of control.querySelectorAll("input[aria-invalid]")) {
        box.removeAttribute("aria-invalid");
        box.removeAttribute("aria-describedby");
      }
    },
  });
})();
