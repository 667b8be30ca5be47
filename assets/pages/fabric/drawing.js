/* The drawing: machines, devices, switches, and wires in the colour of how busy they are now. */
(() => {
  const { fabric: page } = window.pdscope;
  const IDLE_PX = 1;
  const BUSY_PX = [1.6, 5];
  const LABEL_PX = 11;
  const CHOSEN_PX = 13;
  const DOWN_DASH = [3, 4];
  let waiting = false;
  let colours = {};
  // Where nodes and wires are, and for which view of which answer.
  let spots = [];
  let lines = [];
  let laidOut = "";
  let laidOutFor = null;

  function readColours() {
    colours = {
      line: page.colour("--fabric-idle"),
      box: page.colour("--page"),
      edge: page.colour("--line"),
      text: page.colour("--text"),
      faint: page.colour("--faint"),
      surface: page.colour("--surface"),
      accent: page.colour("--accent"),
      bad: page.colour("--bad"),
      prefill: page.colour("--kind-prefill"),
      decode: page.colour("--kind-decode"),
      onPool: page.colour("--fabric-on-pool"),
      font: getComputedStyle(document.body).fontFamily,
    };
  }

  /* A context in CSS pixels on a canvas that is empty and as fine as the screen. */
  function cleared(canvas) {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return { context, width, height };
  }

  function drawBoxes(context, { x, y, unit, row }) {
    context.font = `${LABEL_PX}px ${colours.font}`;
    for (const [name, left, right, top, bottom] of page.shown.drawing.boxes) {
      const side = Math.min(unit * 0.55, 34);
      const at = [x(left) - side, y(top) - row * 0.38, x(right) - x(left) + 2 * side, y(bottom) - y(top) + row * 0.76];
      context.fillStyle = colours.box;
      context.strokeStyle = colours.edge;
      context.lineWidth = 1;
      context.beginPath();
      context.roundRect(...at, 5);
      context.fill();
      context.stroke();
      const width = context.measureText(name).width;
      if (width > at[2] + 6) continue;
      // Outside, on the side away from the network.
      const below = bottom > page.shown.drawing.height / 2 && top > page.shown.drawing.height / 3;
      context.fillStyle = colours.faint;
      context.textAlign = "center";
      context.textBaseline = below ? "top" : "bottom";
      context.fillText(name, at[0] + at[2] / 2, below ? at[1] + at[3] + 3 : at[1] - 3);
    }
  }

  const widthOf = (level) =>
    level ? BUSY_PX[0] + ((BUSY_PX[1] - BUSY_PX[0]) * level) / 255 : IDLE_PX;

  function trace(context, points) {
    points.forEach(([x, y], n) => (n ? context.lineTo(x, y) : context.moveTo(x, y)));
  }

  function drawWires(context) {
    const busy = [];
    const down = [];
    context.strokeStyle = colours.line;
    context.lineWidth = IDLE_PX;
    context.beginPath();
    page.wires.all.forEach((wire, n) => {
      const { channels } = wire;
      if (page.wires.isDown(wire)) return down.push(lines[n].points);
      const levels = channels.map((channel) => page.wires.level(channel, page.moment));
      // One line stands for both directions while nothing moves in either.
      if (levels.some(Boolean)) {
        levels.forEach((level, place) => {
          if (level) busy.push([level, lines[n].ways[place]]);
          else trace(context, lines[n].ways[place]);
        });
      } else trace(context, lines[n].points);
    });
    context.stroke();
    drawDown(context, down);
    drawChosen(context);
    // What is full lies above all others.
    busy.sort((a, b) => a[0] - b[0]);
    for (const [level, points] of busy) {
      context.strokeStyle = page.wires.colour(level);
      context.lineWidth = widthOf(level);
      context.beginPath();
      trace(context, points);
      context.stroke();
    }
  }

  function drawDown(context, down) {
    context.strokeStyle = colours.bad;
    context.setLineDash(DOWN_DASH);
    context.beginPath();
    for (const points of down) trace(context, points);
    context.stroke();
    context.setLineDash([]);
  }

  function drawChosen(context) {
    const chosen = page.wires.numberOf.get(page.wire);
    if (chosen === undefined) return;
    context.strokeStyle = colours.accent;
    context.globalAlpha = 0.35;
    context.lineWidth = CHOSEN_PX;
    context.lineCap = "round";
    context.beginPath();
    trace(context, lines[chosen].points);
    context.stroke();
    context.globalAlpha = 1;
    context.lineCap = "butt";
  }

  /* What can stand for a label, from all of it to its last word. */
  function endings(label) {
    const words = label.split(" ");
    return words.map((_, n) => words.slice(n).join(" "));
  }

  function drawNodes(context) {
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 1;
    page.shown.drawing.nodes.forEach(([, , kind, label, pool, , rank], n) => {
      const { x, y, width, height } = spots[n];
      context.fillStyle = pool ? colours[pool] : colours.surface;
      context.strokeStyle = pool ? colours[pool] : colours.faint;
      context.setLineDash(kind === "gpu" && !pool ? [2, 2] : []);
      context.beginPath();
      context.roundRect(x - width / 2, y - height / 2, width, height, kind === "gpu" ? 3 : height / 2.4);
      context.fill();
      context.stroke();
      context.font = `${kind === "gpu" ? "600 " : ""}${Math.min(LABEL_PX, height * 0.8)}px ${colours.font}`;
      const texts = rank >= 0 ? [label, String(rank)] : endings(label);
      const text = texts.find((one) => context.measureText(one).width + 4 <= width);
      if (!text || height < 9) return;
      context.fillStyle = pool ? colours.onPool : colours.text;
      context.fillText(text, x, y + 0.5);
    });
    context.setLineDash([]);
  }

  function draw() {
    waiting = false;
    const canvas = page.byId("canvas");
    if (!canvas || !page.shown) return;
    const { context } = cleared(canvas);
    if (!page.shown.drawing) return;
    if (!colours.font) readColours();
    const scales = page.view.scales();
    const view = [scales.x(0), scales.x(1), scales.y(0), scales.y(1)].join();
    // While the run plays nothing is elsewhere.
    if (view !== laidOut || page.shown !== laidOutFor) {
      ({ spots, lines } = page.geometry.layOut(scales));
      [laidOut, laidOutFor] = [view, page.shown];
    }
    drawBoxes(context, scales);
    drawWires(context);
    drawNodes(context);
    page.byId("stage").dataset.moment = page.moment;
    page.tell("drawn");
  }

  /* However often something changes, it is drawn once a frame. */
  page.draw = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(draw);
  };

  /* The number of the wire within so many pixels of a place; -1 if there is none. */
  function wireAt(at, reach) {
    const distances = lines.map(({ points }) => page.geometry.distanceTo(points, at));
    const least = Math.min(...distances, Infinity);
    return least <= reach ? distances.indexOf(least) : -1;
  }

  function nodeAt([x, y]) {
    const inside = (spot) =>
      Math.abs(x - spot.x) <= spot.width / 2 + 1 && Math.abs(y - spot.y) <= spot.height / 2 + 1;
    return spots.findIndex(inside);
  }

  page.drawing = {
    cleared, wireAt, nodeAt,
    /* How wide the narrowest node of a kind is [px]. */
    leastRoom: (kind) =>
      Math.min(...page.shown.drawing.nodes.flatMap(([, , is], n) => (is === kind ? [spots[n].width] : []))),
    /* Where a wire's middle is, for whoever points at it. */
    middleOf(name) {
      const { points } = lines[page.wires.numberOf.get(name)];
      const [before, after] = [Math.floor, Math.ceil].map((round) => points[round((points.length - 1) / 2)]);
      return [(before[0] + after[0]) / 2, (before[1] + after[1]) / 2];
    },
  };

  function shown() {
    const nothing = page.byId("nothing");
    nothing.hidden = Boolean(page.shown.drawing);
    nothing.textContent = page.shown.undrawn || "";
    page.byId("collectives-used").textContent = page.shown.collectives;
    page.view.fitHeight();
    page.view.bound();
    page.draw();
  }

  addEventListener("resize", () => page.shown && page.byId("canvas") && page.draw());
  page.on("answer", shown);
  page.on("moment", page.draw);
  page.on("chosen", page.draw);
  page.on("recolour", () => {
    colours = {};
    if (page.shown) page.draw();
  });
})();
