/* What all canvases of the page have in common, and the two Gantts: marks above their bars. */
(() => {
  const { gantt6d: page } = window.pdscope;
  // Between a line and its name.
  const BESIDE_PX = 4;
  const ABOVE_PX = 5;

  /* A context in CSS pixels on a canvas that is empty and as fine as the screen. */
  function cleared(canvas) {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    const pixels = [width, height].map((size) => Math.round(size * ratio));
    // Setting a size also clears, but costs more.
    if (canvas.width !== pixels[0]) [canvas.width] = pixels;
    if (canvas.height !== pixels[1]) [, canvas.height] = pixels;
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return { context, width, height };
  }

  /* The moments that the cards tell of, named beside the tops of their lines: the first to the left
     and solid, others to the right and dashed. */
  function drawMarks(context, marks, { x, area, colours }) {
    context.save();
    context.font = `11px ${colours.font}`;
    context.textBaseline = "bottom";
    context.strokeStyle = colours.mark;
    context.fillStyle = colours.text;
    context.lineWidth = 1.2;
    marks.forEach(({ text, at_s: moment }, n) => {
      const at = x(moment);
      if (at < area.left - 1 || at > area.left + area.width + 1) return;
      context.setLineDash(n ? [2, 3] : []);
      context.beginPath();
      context.moveTo(at, area.top - 4);
      context.lineTo(at, area.top + area.height);
      context.stroke();
      context.textAlign = n ? "left" : "right";
      context.fillText(text, at + (n ? BESIDE_PX : -BESIDE_PX), area.top - ABOVE_PX);
    });
    context.restore();
  }

  page.canvas = { cleared, drawMarks };
})();
