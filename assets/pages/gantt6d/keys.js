/* Keys and the wheel on the chart, as trace viewers have them. */
(() => {
  const { gantt6d: page } = window.pdscope;
  const WHEEL_ZOOM = 1.0015;

  function view() {
    const end = page.end();
    const [low, high] = page.wanted() || [0, end];
    return { end, low, high, span: high - low };
  }

  /* A window of this length from there, within the run; all of it if it is that long. */
  function show(from, length) {
    const { end } = view();
    if (length >= end) return page.zoomTo(null, { moving: true });
    const start = Math.max(0, Math.min(from, end - length));
    page.zoomTo([start, start + length], { moving: true });
  }

  function press(event) {
    if (!page.shown || event.ctrlKey || event.metaKey || event.altKey) return;
    const { low, high, span } = view();
    const walked = page.walk.time();
    // About the bar that keys have walked to, which stays where it is.
    const about = walked !== null && walked > low && walked < high ? walked : (low + high) / 2;
    switch (event.key.toLowerCase()) {
      case "a": show(low - span / 5, span); break;
      case "d": show(low + span / 5, span); break;
      case "w": show(about - (about - low) / 1.5, span / 1.5); break;
      case "s": show(about - (about - low) * 1.5, span * 1.5); break;
      case "0": page.showAll(); break;
      default: return;
    }
    event.preventDefault();
  }

  /* With Ctrl (or a pinch) it zooms about the pointer, with Shift it pans; alone it scrolls the page. */
  function wheel(event) {
    if (!page.shown || !(event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    const { low, span } = view();
    if (event.shiftKey) return show(low + ((event.deltaY || event.deltaX) / page.pixels()) * span, span);
    const stage = page.byId("stage").getBoundingClientRect();
    const about = page.chart.scales().time(event.clientX - stage.left);
    const factor = WHEEL_ZOOM ** event.deltaY;
    show(about - (about - low) * factor, span * factor);
  }

  document.addEventListener("keydown", (event) => {
    if (event.target.id === `${page.NAME}-stage`) press(event);
  });
  document.addEventListener(
    "wheel",
    (event) => {
      if (event.target.closest?.(`#${page.NAME}-stage`)) wheel(event);
    },
    { passive: false, capture: true },
  );
})();
