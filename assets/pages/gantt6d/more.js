/* What is under "More": settings that change nothing are greyed, and a fold of them says why. */
(() => {
  const { gantt6d: page, count } = window.pdscope;
  // By field, why it has no effect.
  let known = {};

  const part = (selector) => page.byId("more").querySelectorAll(selector);

  function setIdle(field, reason) {
    page.setProps(field, { disabled: Boolean(reason) });
    const control = page.byId(`${field}-control`);
    control.classList.toggle("idle", Boolean(reason));
    control.title = reason || "";
  }

  function show({ idle: fieldsByReason }) {
    if (!fieldsByReason) return;
    const idle = {};
    for (const [reason, fields] of Object.entries(fieldsByReason)) {
      for (const field of fields) idle[field] = reason;
    }
    const changed = [...new Set([...Object.keys(known), ...Object.keys(idle)])].filter(
      (field) => known[field] !== idle[field],
    );
    known = idle;
    if (!changed.length) return;
    for (const field of changed) setIdle(field, idle[field]);
    for (const note of part(".fold-note")) {
      const fields = note.dataset.fields.split(" ");
      const reasons = new Set(fields.map((field) => idle[field]).filter(Boolean));
      note.textContent = [...reasons].join(" ");
    }
  }

  /* The values of settings that have their controls elsewhere. */
  function mirror({ values }) {
    for (const place of part("[data-mirrors]")) {
      const value = values[place.dataset.mirrors];
      const text = typeof value === "number" ? count(value) : String(value);
      if (place.textContent !== text) place.textContent = text;
    }
  }

  page.on("begin", () => {
    known = {};
  });
  for (const event of ["answer", "wrong"]) {
    page.on(event, show);
    page.on(event, mirror);
  }
})();
