/* Where nodes and wires are on the canvas, and how large: pixels from the drawing's lengths. */
(() => {
  const { fabric: page } = window.pdscope;
  // How wide a node is at most, in the room that GPUs have and in pixels, and how high.
  const SIZES = {
    gpu: [1.6, 58, 21], nic: [2.2, 58, 16], memory: [2.2, 64, 16],
    nvswitch: [6.4, 150, 16], "pcie-switch": [3.6, 92, 16], host: [3.6, 92, 16],
    leaf: [9, 128, 18], spine: [9, 128, 18], router: [9, 128, 18],
  };
  // Of a row's height.
  const HEIGHT = { nvswitch: 0.42, "pcie-switch": 0.38, host: 0.38, nic: 0.36, gpu: 0.46 };
  const USUAL_HEIGHT = 0.4;
  // Between the two directions of a wire, from the middle.
  const BESIDE_PX = 2;
  // How high an arc over the whole row is, in rows, and of how many straight parts.
  const ARC = 0.85;
  const ARC_PARTS = 12;

  /* From each node to the next of its row, which it must leave room for. */
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

  /* Of each node its middle and size, and of each wire its points and those of its directions. */
  function layOut(scales) {
    const { nodes, height } = page.shown.drawing;
    const room = roomOf(nodes, scales.x);
    const spots = nodes.map(([x, y, kind], n) => {
      const [units, most, high] = SIZES[kind];
      const scale = Math.min(2, scales.zoom ** 0.6);
      const width = Math.max(3, Math.min(most * scale, room[n] * 0.88, units * scales.unit));
      const tall = Math.min(high * scale, scales.row * (HEIGHT[kind] ?? USUAL_HEIGHT));
      return { x: scales.x(x), y: scales.y(y), width, height: tall };
    });
    const wide = Math.max(1, ...page.wires.all.map(({ a, b }) => Math.abs(spots[a].x - spots[b].x)));
    const beside = BESIDE_PX * Math.min(2, scales.zoom ** 0.5);
    const lines = page.wires.all.map(({ a, b, arc, channels }) => {
      const high = arc && scales.row * ARC * (spots[a].y < scales.y(height / 2) ? -1 : 1);
      const points = between(spots[a], spots[b], high * Math.abs(spots[a].x - spots[b].x) ** 0.7 / wide ** 0.7);
      const ways = channels.length > 1 ? [shifted(points, beside), shifted(points, -beside)] : [points];
      return { points, ways };
    });
    return { spots, lines };
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

  page.geometry = { layOut, distanceTo };
})();
