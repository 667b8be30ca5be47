/* Arrow keys walk from cell to cell of the heat map that has the focus. Each is framed and told,
   and Enter opens it. */
(() => {
  const { sweep } = window.pdscope;
  const FAR = 10; // cells, of Page Up and Page Down
  const GAP = 8; // between the cell and what is told of it [pixel]
  const followed = new WeakSet(); // plots whose changes the frame follows
  // The cell that one has walked to: its page and its values on both axes. Null while nobody walks.
  let here = null;

  const byId = (part) => document.getElementById(`${here.page}-${part}`);
  const plot = () => byId("heat").querySelector(".js-plotly-plot");

  const MOVES = {
    ArrowLeft: ([column, line]) => [column - 1, line],
    ArrowRight: ([column, line]) => [column + 1, line],
    ArrowUp: ([column, line], up) => [column, line + up],
    ArrowDown: ([column, line], up) => [column, line - up],
    PageUp: ([column, line], up) => [column, line + FAR * up],
    PageDown: ([column, line], up) => [column, line - FAR * up],
    Home: ([, line]) => [0, line],
    End: ([, line]) => [Infinity, line],
  };

  const within = (n, values) => Math.min(Math.max(n, 0), values.length - 1);

  /* Where the cell is among those of a grid, which may have other axes than when one came to it. */
  function placeOf({ xs, ys }) {
    const place = here && [xs.indexOf(here.x), ys.indexOf(here.y)];
    return place && !place.includes(-1) ? place : null;
  }

  /* The first of those that are marked, else the first as one reads. */
  function start(grid) {
    const [row] = grid.best;
    if (row) return [grid.column(row), grid.line(row)];
    return [0, grid.y.names ? 0 : grid.ys.length - 1];
  }

  const rowOf = (run) => sweep.pointAt(run, here);

  function lines(run, grid) {
    const row = rowOf(run);
    const place = [grid.x, grid.y]
      .map((axis, n) => `${axis.name} ${sweep.textOf([here.x, here.y][n])}`)
      .join(", ");
    if (!row) return [place, "not computed yet"];
    if (!grid.found.includes(row)) return [place, sweep.thinned(row.reason)];
    const best = grid.best.includes(row) ? ", the best" : "";
    return [`${sweep.spoken(grid.metric, grid.value(row))}${best}`, place];
  }

  /* Where a cell is in its picture [pixel]. */
  function boxOf([column, line]) {
    const { xaxis, yaxis, _size: size } = plot()._fullLayout;
    const picture = byId("heat-picture");
    const [inner, outer] = [plot(), picture].map((part) => part.getBoundingClientRect());
    const [[x0, x1], [y0, y1]] = [xaxis.range, yaxis.range];
    const [width, height] = [size.w / Math.abs(x1 - x0), size.h / Math.abs(y1 - y0)];
    const right = inner.left - outer.left - picture.clientLeft + picture.scrollLeft + size.l;
    const down = inner.top - outer.top - picture.clientTop + picture.scrollTop + size.t;
    return {
      left: right + ((column - x0) / (x1 - x0)) * size.w - width / 2,
      top: down + ((y1 - line) / (y1 - y0)) * size.h - height / 2,
      width,
      height,
    };
  }

  function write(tip, texts) {
    if (tip.dataset.said === texts.join()) return; // It is told but once.
    tip.dataset.said = texts.join();
    tip.replaceChildren(
      ...texts.map((text) => Object.assign(document.createElement("div"), { textContent: text })),
    );
  }

  /* Below the cell or, where that has no room, above it. */
  function place(tip, { left, top, width, height }) {
    const { scrollLeft, clientWidth, clientHeight } = byId("heat-picture");
    const middle = left + (width - tip.offsetWidth) / 2;
    const most = scrollLeft + clientWidth - tip.offsetWidth - GAP;
    const below = top + height + GAP;
    const fits = below + tip.offsetHeight < clientHeight;
    tip.style.left = `${Math.max(scrollLeft + GAP, Math.min(middle, most))}px`;
    tip.style.top = `${fits ? below : top - tip.offsetHeight - GAP}px`;
  }

  function show({ moved }) {
    const { run, metric } = sweep.shown(here.page);
    const grid = sweep.gridOf(run, metric);
    const where = placeOf(grid);
    if (!where) return end();
    const [frame, tip, box] = [byId("frame"), byId("walked"), boxOf(where)];
    frame.hidden = false;
    for (const [name, pixels] of Object.entries(box)) frame.style[name] = `${pixels}px`;
    if (moved) frame.scrollIntoView({ block: "nearest", inline: "nearest" });
    write(tip, lines(run, grid));
    place(tip, box);
  }

  function end() {
    if (!here) return;
    const [frame, tip] = [byId("frame"), byId("walked")];
    here = null;
    // With the page that is left they are gone already.
    if (frame) frame.hidden = true;
    if (tip) write(tip, []);
  }

  function move(page, key) {
    const { run, metric } = sweep.shown(page);
    const grid = sweep.gridOf(run, metric);
    if (here?.page !== page) here = null;
    const from = placeOf(grid);
    const up = grid.y.names ? -1 : 1;
    const [column, line] = from ? MOVES[key](from, up) : start(grid);
    const [x, y] = [grid.xs[within(column, grid.xs)], grid.ys[within(line, grid.ys)]];
    here = { page, x, y };
    const drawn = plot();
    if (!drawn) return; // not yet, or not any more
    if (!followed.has(drawn)) {
      followed.add(drawn);
      drawn.on("plotly_afterplot", () => here && show({ moved: false }));
    }
    show({ moved: true });
  }

  function press(event, page) {
    if (event.ctrlKey || event.metaKey || event.altKey || !sweep.shown(page)) return;
    if (event.key === "Escape") return end();
    if (event.key === "Enter" && here) {
      const row = rowOf(sweep.shown(page).run);
      end();
      if (row) sweep.open(row.link);
    } else if (MOVES[event.key]) move(page, event.key);
    else return;
    event.preventDefault();
  }

  const pageOf = ({ target }) => target.dataset?.walk;
  document.addEventListener("keydown", (event) => pageOf(event) && press(event, pageOf(event)));
  document.addEventListener("focusout", (event) => pageOf(event) && end());
})();
