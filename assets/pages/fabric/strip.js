/* How busy the chosen wire is over the whole run, above the slider: one direction upwards from the
   middle, the other downwards. */
(() => {
  const { fabric: page } = window.pdscope;
  // As the thumb of the slider, whose middle is that far from the ends of its track.
  const THUMB_PX = 8;

  const canvas = () => page.byId("strip");
  const place = (moment, width) =>
    THUMB_PX + (moment / Math.max(1, page.shown.use.means - 1)) * (width - 2 * THUMB_PX);

  function area(context, levels, { width, base, height, sign }) {
    const step = (width - 2 * THUMB_PX) / Math.max(1, levels.length - 1);
    levels.forEach((level, moment) => {
      if (!level) return;
      const size = Math.max(1, (height * level) / 255);
      context.fillStyle = page.wires.colour(level);
      const left = place(moment, width) - step / 2;
      context.fillRect(left, sign > 0 ? base - size : base, Math.max(1, step), size);
    });
  }

  function draw() {
    if (!page.shown || !canvas()) return;
    const { context, width, height } = page.drawing.cleared(canvas());
    const wire = page.wires.chosen();
    page.byId("strip-title").textContent = wire ? titleOf(wire) : "";
    if (!wire) return;
    const both = wire.channels.length > 1;
    const base = both ? height / 2 : height;
    const high = base - 1;
    context.fillStyle = page.colour("--line");
    context.fillRect(0, both ? base - 0.5 : base - 1, width, 1);
    wire.channels.forEach((channel, n) => {
      const levels = page.wires.levels(channel);
      if (levels) area(context, levels, { width, base, height: high, sign: n ? -1 : 1 });
    });
    mark(context, width, height);
  }

  function mark(context, width, height) {
    const { marks, use } = page.shown;
    context.font = `10px ${getComputedStyle(document.body).fontFamily}`;
    context.fillStyle = page.colour("--text");
    marks.forEach(({ text, at_s: moment }, n) => {
      const x = place(moment / use.mean_s - 0.5, width);
      context.setLineDash([2, 3]);
      context.strokeStyle = page.colour("--faint");
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, height);
      context.stroke();
      const right = n > 0 && context.measureText(text).width + 6 < width - x;
      context.textAlign = right ? "left" : "right";
      context.textBaseline = n ? "bottom" : "top";
      const at = [x + (right ? 3 : -3), n ? height - 1 : 1];
      // It can be read over bars, too.
      context.setLineDash([]);
      context.strokeStyle = page.colour("--surface");
      context.lineWidth = 3;
      context.strokeText(text, ...at);
      context.fillText(text, ...at);
    });
    context.strokeStyle = page.colour("--text");
    context.lineWidth = 1.5;
    const x = place(page.moment, width);
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, height);
    context.stroke();
  }

  function titleOf(wire) {
    const { level, percent } = page.wires;
    const now = wire.channels.map((channel) => percent(level(channel, page.moment)));
    const [out, into] = now;
    return wire.channels.length > 1
      ? `${wire.name}: ↑ ${page.wires.direction(wire, 0)} ${out}; ↓ ${page.wires.direction(wire, 1)} ${into}`
      : `${wire.name}, both directions: ${out}`;
  }

  /* A click on the strip shows that time. */
  function pointed(event) {
    if (event.target !== canvas() || !page.shown || !(event.buttons & 1)) return;
    page.clock.pause();
    const { left, width } = canvas().getBoundingClientRect();
    const share = (event.clientX - left - THUMB_PX) / (width - 2 * THUMB_PX);
    page.showMoment(share * (page.shown.use.means - 1));
  }

  document.addEventListener("pointerdown", pointed);
  document.addEventListener("pointermove", pointed);
  addEventListener("resize", draw);
  for (const event of ["answer", "moment", "chosen", "recolour"]) page.on(event, draw);
})();
