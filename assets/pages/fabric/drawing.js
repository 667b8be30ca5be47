/* The drawing: machines, devices, switches, and wires in the colour of how busy they are now. */
(() => {
  const { fabric: page } = window.pdscope;
  const IDLE_PX = 1;
  const BUSY_PX = [1.6, 5];
  const LABEL_PX = 11;
  // Between the two directions of a wire, from the middle.
  const BESIDE_PX = 2;
  const CHOSEN_PX = 13;
  const DOWN_DASH = [3, 4];
  // How high an arc over the whole row is, in rows, and of how many straight parts.
  const ARC = 0.85;
  const ARC_PARTS = 12;
  const SIZES = {
    gpu: [1.6, 58, 21], nic: [2.2, 58, 16], memory: [2.2, 64, 16],
    nvswitch: [6.4, 150, 16], "pcie-switch": [3.6, 92, 16], host: [3.6, 92, 16],
    leaf: [9, 128, 18], spine: [9, 128, 18], router: [9, 128, 18],
  };
  // In one drawing they are as wide as there is room beside each other.
  const HEIGHT = { nvswitch: 0.42, "pcie-switch": 0.38, host: 0.38, nic: 0.36, gpu: 0.46 };
  let waiting = false;
  let colours = {};
  // Of each node: its middle and half its size [px], as it was drawn last.
  let spots = [];
  let lines = [];

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

  /* How wide nodes may be that stand in one row: less than the distance to the next. */
  function roomOf(nodes, x) {
    const rows = new Map();
    nodes.forEach(([at, row], n) => {
      if (!rows.has(row)) rows.set(row, []);
      rows.get(row).push([x(at), n]);
    });
    const room = new Array(nodes.length).fill(Infinity);
    for (const members of rows.values()) {
      members.sort((a, b) => a[0] - b[0]);
      members.forEach(([at, n], place) => {
        const before = place ? at - members[place - 1][0] : Infinity;
        const after = place + 1 < members.length ? members[place + 1][0] - at : Infinity;
        room[n] = Math.min(before, after);
      });
    }
    return room;
  }

  function layOut(scales) {
    const { nodes, height } = page.shown.drawing;
    const room = roomOf(nodes, scales.x);
    spots = nodes.map(([x, y, kind], n) => {
      const [units, most, high] = SIZES[kind];
      const scale = Math.min(2, scales.zoom ** 0.6);
      const width = Math.max(3, Math.min(most * scale, room[n] * 0.88, units * scales.unit));
      const tall = Math.min(high * scale, scales.row * (HEIGHT[kind] ?? 0.4));
      return { x: scales.x(x), y: scales.y(y), width, height: tall };
    });
    const wide = Math.max(1, ...page.wires.all.map(({ a, b }) => Math.abs(spots[a].x - spots[b].x)));
    const beside = BESIDE_PX * Math.min(2, scales.zoom ** 0.5);
    lines = page.wires.all.map(({ a, b, arc, channels }) => {
      const high = arc && scales.row * ARC * (spots[a].y < scales.y(height / 2) ? -1 : 1);
      const points = between(spots[a], spots[b], high * Math.abs(spots[a].x - spots[b].x) ** 0.7 / wide ** 0.7);
      const ways = channels.length > 1 ? [shifted(points, beside), shifted(points, -beside)] : [points];
      return { points, ways };
    });
  }

  /* The points of a wire: straight, or in an arc so high, away from the network. */
  function between(from, to, high) {
    if (!high) return [[from.x, from.y], [to.x, to.y]];
    return Array.from({ length: ARC_PARTS + 1 }, (_, n) => {
      const at = n / ARC_PARTS;
      return [from.x + at * (to.x - from.x), from.y + 4 * at * (1 - at) * high];
    });
  }

  /* The same, so far to the right-hand side of where it goes. */
  function shifted(points, beside) {
    return points.map(([x, y], n) => {
      const [before, after] = [points[Math.max(0, n - 1)], points[Math.min(points.length - 1, n + 1)]];
      const [dx, dy] = [after[0] - before[0], after[1] - before[1]];
      const length = Math.hypot(dx, dy) || 1;
      return [x - (dy / length) * beside, y + (dx / length) * beside];
    });
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
    layOut(scales);
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

  function distanceTo(points, [x, y]) {
    let best = Infinity;
    for (let n = 1; n < points.length; n += 1) {
      const [[ax, ay], [bx, by]] = [points[n - 1], points[n]];
      const [dx, dy] = [bx - ax, by - ay];
      const along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
      best = Math.min(best, Math.hypot(x - ax - along * dx, y - ay - along * dy));
    }
    return best;
  }

  /* The number of the wire within so many pixels of a place; -1 if there is none. */
  function wireAt(at, reach) {
    const distances = lines.map(({ points }) => distanceTo(points, at));
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
