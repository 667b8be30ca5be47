/* What the first token waited for: one bar above the chart, with every picture. */
(() => {
  const { gantt6d: page, duration, percent } = window.pdscope;
  // Of the bar's width, and pixels of the plot's, which is a little less and known without a look;
  // what is wider says how long it is.
  const WIDE_ENOUGH = 0.07;
  const WIDE_ENOUGH_PX = 36;
  // Flex items whose growth sums to less than 1 do not fill their box.
  const GROW = 1e6;

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function show({ breakdown }) {
    const root = page.byId("breakdown");
    const lengths = Object.fromEntries(
      Object.entries(breakdown).map(([part, kinds]) => [part, kinds.reduce((a, b) => a + b)]),
    );
    const whole = Object.values(lengths).reduce((a, b) => a + b);
    const enough = Math.max(WIDE_ENOUGH, WIDE_ENOUGH_PX / page.pixels());
    for (const part of root.querySelectorAll(".breakdown-part")) {
      const seconds = breakdown[part.dataset.part];
      part.style.flexGrow = GROW * (lengths[part.dataset.part] / whole);
      [...part.children].forEach((bar, i) => {
        bar.style.flexGrow = GROW * (seconds[i] / whole);
        write(bar, seconds[i] > enough * whole ? duration(seconds[i]) : "");
      });
    }
    root.querySelectorAll(".breakdown-key").forEach((key, i) => {
      const { part, of } = key.dataset;
      const seconds = breakdown[part][i];
      const share = seconds / lengths[part] || 0;
      write(key.querySelector(".breakdown-value"), seconds ? `${duration(seconds)} · ${percent(share)}` : "none");
      key.classList.toggle("none", !seconds);
      key.dataset.value = seconds
        ? `${duration(seconds)}: ${percent(share)} of ${of}, ${percent(seconds / whole)} of TTFT`
        : "None here.";
    });
  }

  /* The kind that is pointed at, or has the focus, stands out in the bar. */
  function emphasise({ target }) {
    const root = page.byId("breakdown");
    if (!root) return;
    const kind = root.contains(target) ? target.closest("[data-kind]")?.dataset.kind : undefined;
    if (root.dataset.meant === (kind || "")) return;
    root.dataset.meant = kind || "";
    for (const bar of root.querySelectorAll(".breakdown-bar [data-kind]")) {
      bar.classList.toggle("aside", Boolean(kind) && bar.dataset.kind !== kind);
    }
  }

  document.addEventListener("pointerover", emphasise);
  document.addEventListener("focusin", emphasise);
  page.on("answer", show);
})();
