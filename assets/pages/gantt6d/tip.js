/* What a bar stands for, the one under the pointer, the one that was tapped or the one that keys have
   walked to: at once what the page knows, then what the server does. */
(() => {
  const { gantt6d: page, Bars, duration, significant } = window.pdscope;
  const TITLES = [
    ...["Prefill", "KV handoff", "Activations", "Decode", "Decode activations"],
    ...["Collectives", "Decode collectives", "Background traffic"],
  ];
  const ASK_AFTER_MS = 60;
  const RIGHT_OF_PX = 14;
  // A finger is no needle; and one that goes further than this means something else.
  const FINGER_REACH_PX = 12;
  let shown = -1;
  // What `shown` is: its lane, its ends and the scenario, by which it is known in another picture.
  let identity = "";
  let pointed = false;
  let timer = null;
  let asked = 0;
  // Where a finger came down on the chart; null while none is.
  let touched = null;

  function nameOf(bars, lane) {
    const pool = Bars.POOLS[bars.kind[lane]];
    if (pool > 1) return "";
    const rank = bars.rank && bars.rank[lane] >= 0 ? `, rank ${bars.rank[lane]}` : "";
    return `, stage ${"PD"[pool]}${bars.stage[lane]}${rank}`;
  }

  function place(tip, [left, top]) {
    const room = page.byId("stage").getBoundingClientRect();
    const right = left + RIGHT_OF_PX;
    const fits = right + tip.offsetWidth < room.width;
    tip.style.left = `${Math.max(0, fits ? right : left - RIGHT_OF_PX - tip.offsetWidth)}px`;
    tip.style.top = `${Math.max(0, Math.min(top + 8, room.height - tip.offsetHeight))}px`;
  }

  /* `how` it came about goes below what it is: formulas, what their symbols are, and the source. */
  function fill(tip, lines, how = []) {
    tip.replaceChildren(
      ...[...lines, ...how].map((line, i) => {
        const row = document.createElement("div");
        row.textContent = line;
        const told = /^(where|Source:) /.test(line) ? "tip-source" : "tip-formula";
        if (i >= lines.length) row.className = told;
        return row;
      }),
    );
  }

  function hide() {
    shown = -1;
    clearTimeout(timer);
    page.byId("tip")?.classList.remove("shown");
  }

  const identify = (bars, i) =>
    JSON.stringify([bars.laneOf(i), bars.from(i), bars.to(i), page.shown.values]);

  /* What is told of stays so while it is there. */
  function keep() {
    if (shown < 0) return;
    const bars = page.chart.bars();
    if (!(shown < bars.size && identify(bars, shown) === identity)) hide();
  }

  function known(bars, i) {
    const lane = bars.laneOf(i);
    const title = `${TITLES[bars.kind[lane]]}${nameOf(bars, lane)}`;
    const time = `at ${duration(bars.from(i))} for ${duration(bars.to(i) - bars.from(i))}`;
    if (bars.single(i)) return [title, time];
    return [title, time, `busy ${significant(100 * bars.share(i))} % of it; zoom in for its parts`];
  }

  async function ask(bars, i, at, aloud) {
    const number = (asked += 1);
    const response = await fetch("/gantt6d/facts", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        values: page.good,
        lane: bars.laneOf(i),
        opened: page.shown.opened,
        window: [bars.from(i), bars.to(i)],
      }),
    });
    if (!response.ok || number !== asked || shown !== i) return;
    const { lines, how } = await response.json();
    const tip = page.byId("tip");
    if (shown !== i || !tip) return;
    if (aloud) tellAloud([...(lines || known(bars, i)), ...how].join(". "));
    if (!lines) return;
    fill(tip, lines, how);
    place(tip, at);
  }

  /* To screen readers alone. */
  function tellAloud(text) {
    page.byId("walked").textContent = text;
  }

  /* Tells of a bar beside a place of the stage; `aloud` to those, too, who cannot see it. */
  function show(i, at, { aloud = false } = {}) {
    const bars = page.chart.bars();
    const tip = page.byId("tip");
    if (i !== shown || aloud) {
      shown = i;
      identity = identify(bars, i);
      pointed = !aloud;
      fill(tip, known(bars, i));
      tip.classList.add("shown");
      clearTimeout(timer);
      // What is passed over on the way is not asked for; a server that is away is told of elsewhere.
      timer = setTimeout(() => ask(bars, i, at, aloud).catch(() => {}), ASK_AFTER_MS);
    }
    place(tip, at);
  }

  /* Tells of the bar that is within so many pixels of a place, if any is. */
  function point(event, reachPx) {
    const bars = page.chart.bars();
    if (!bars || !page.byId("tip")) return hide();
    const room = page.byId("stage").getBoundingClientRect();
    const at = [event.clientX - room.left, event.clientY - room.top];
    const { time, position, area } = page.chart.scales();
    const inside =
      at[0] >= area.left && at[0] <= area.left + area.width &&
      at[1] >= area.top && at[1] <= area.top + area.height;
    const reach = (time(reachPx) - time(0)) || 0;
    const i = inside ? bars.at(time(at[0]), position(at[1]), reach) : -1;
    if (i < 0) return hide();
    show(i, at);
  }

  const onStage = ({ target }) => target.closest?.(`#${page.NAME}-stage`);

  function hover(event) {
    if (event.pointerType === "touch") return;
    if (!onStage(event)) {
      if (shown >= 0 && pointed) hide();
    } else if (event.buttons) hide();
    else point(event, Bars.REACH_PX);
  }

  /* A finger that comes down anywhere hides what another has shown. */
  function touch(event) {
    if (event.pointerType !== "touch") return;
    hide();
    const single = event.isPrimary && onStage(event);
    touched = single ? { x: event.clientX, y: event.clientY } : null;
  }

  function untouch(event) {
    if (!touched || event.pointerType !== "touch") return;
    const { x, y } = touched;
    touched = null;
    const moved = Math.hypot(event.clientX - x, event.clientY - y);
    if (moved <= FINGER_REACH_PX) point(event, FINGER_REACH_PX);
  }

  document.addEventListener("pointermove", hover);
  // Before Plotly, which keeps to itself what it takes for the beginning of a zoom.
  document.addEventListener("pointerdown", touch, { capture: true });
  document.addEventListener("pointerup", untouch, { capture: true });
  document.addEventListener("pointercancel", () => {
    touched = null;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  page.on("answer", keep);

  page.tip = { show, hide, tellAloud };
})();
