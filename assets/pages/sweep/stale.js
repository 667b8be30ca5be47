/* What the controls say, beside what is shown: the pictures may be of others. */
(() => {
  const { sweep } = window.pdscope;
  const { count } = window.pdscope;
  const MOST_TOLD = 3;
  const asked = {}; // by page: what the controls ask for now

  const text = (value) => (typeof value === "number" ? count(value) : value ?? "auto");

  function axisText({ name, names, listed }, span) {
    if (listed) return `${name} ${span.map(text).join(", ")}`;
    if (names) return `${count(span.length)} ${name}s`;
    return `${name} ${text(span.from)} to ${text(span.to)} by ${text(span.step)}`;
  }

  /* The settings in which two questions differ, as the first one has them. */
  function differences(plan, shown, now) {
    const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
    return [
      ...plan.axes
        .filter(({ field }) => !same(shown.axes[field], now.axes[field]))
        .map((axis) => axisText(axis, shown.axes[axis.field])),
      ...plan.fields
        .filter((field) => !same(shown.scenario[field], now.scenario[field]))
        .map((field) => `${plan.labels[field]} ${text(shown.scenario[field])}`),
    ];
  }

  /* How many values an axis of numbers has; where it ends before its last box says so, too. */
  function valuesText({ from, to, step }) {
    const whole = [from, to, step].every(Number.isInteger);
    if (!whole || step < 1 || to < from) return "";
    const steps = Math.floor((to - from) / step);
    const last = from + steps * step;
    const ending = last === to ? "" : `; the last is ${count(last)}`;
    return `${count(steps + 1)} ${steps ? "values" : "value"}${ending}`;
  }

  Object.assign(sweep, {
    /* The controls were changed, or have just come. */
    heard(plan, question) {
      asked[plan.page] = question;
      for (const { field, names, listed } of plan.axes) {
        const place = names || listed ? null : document.getElementById(`${plan.page}-${field}-values`);
        if (place) place.textContent = valuesText(question.axes[field]);
      }
    },

    /* Marks the pictures of a run as those of other controls, and says of which; or no longer. */
    markStale(plan, run) {
      const page = document.getElementById(`${plan.page}-page`);
      if (!page) return;
      const now = asked[plan.page];
      const others = run && now ? differences(plan, run.question, now) : [];
      const more = others.length > MOST_TOLD ? " and more" : "";
      page.classList.toggle("stale", others.length > 0);
      document.getElementById(`${plan.page}-stale`).textContent = others.length
        ? `Shown is ${others.slice(0, MOST_TOLD).join(", ")}${more}: press Run for what the ` +
          "controls say now."
        : "";
    },
  });
})();
