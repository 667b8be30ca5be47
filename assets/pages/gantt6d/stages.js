/* Stages of several ranks: beside the axis each has a button that opens it to its ranks. */
(() => {
  const { gantt6d: page } = window.pdscope;
  const LETTERS = ["P", "D"];
  // A name needs so much; while ranks are shown, so does the least of their lanes.
  const NAME_PX = 13;
  const OPEN_LANE_PX = 7;
  let key = "";
  let heads = [];

  const isOpen = (pool, stage) => page.opened[pool].includes(stage);
  const anyOpen = () => page.opened.some((stages) => stages.length);

  function open(stages) {
    page.opened = stages;
    page.ask();
  }

  function toggle(pool, stage) {
    const next = page.opened.map((stages) => [...stages]);
    next[pool] = isOpen(pool, stage)
      ? next[pool].filter((one) => one !== stage)
      : [...next[pool], stage];
    open(next);
  }

  /* Of the pools whose stages have several ranks; the server leaves out what would be too many. */
  function everyStage() {
    const { pp, decode_pp: decode } = page.good;
    const counts = [pp, decode || pp];
    return counts.map((count, pool) =>
      page.shown.ranks[pool] > 1 ? Array.from({ length: count }, (_, stage) => stage) : [],
    );
  }

  function toggleAll() {
    if (page.shown) open(anyOpen() ? [[], []] : everyStage());
  }

  function button([pool, stage, , opened], ranks) {
    const part = document.createElement("button");
    const name = `${LETTERS[pool]}${stage}`;
    part.type = "button";
    part.className = "stage-head";
    part.textContent = `${opened ? "▾" : "▸"} ${name}`;
    part.title = opened ? `Close the ranks of ${name}` : `Show the ${ranks[pool]} ranks of ${name}`;
    part.setAttribute("aria-label", `Ranks of stage ${name}`);
    part.setAttribute("aria-expanded", String(opened));
    part.dataset.head = name;
    part.addEventListener("click", () => toggle(pool, stage));
    return part;
  }

  function show({ lanes, ranks }) {
    const now = JSON.stringify([lanes.heads, ranks]);
    if (now === key) return;
    key = now;
    heads = lanes.heads;
    const root = page.byId("heads");
    const focused = root.contains(document.activeElement) && document.activeElement.dataset.head;
    root.replaceChildren(...heads.map((head) => button(head, ranks)));
    // Whoever opened it by keys goes on from there.
    if (focused) root.querySelector(`[data-head="${focused}"]`)?.focus();
    const all = page.byId("ranks");
    all.hidden = !heads.length;
    all.textContent = anyOpen() ? "Close stages" : "Open stages";
    const some = heads.some(([, , , opened]) => opened);
    page.byId("stage").style.minHeight = some ? `${Math.round(lanes.bottom * OPEN_LANE_PX)}px` : "";
    place();
  }

  /* Beside their lanes, as the axes are now; of those too close to one another the first. */
  function place() {
    const parts = page.byId("heads")?.children ?? [];
    if (!parts.length) return;
    const { y, area } = page.chart.scales();
    let last = -Infinity;
    heads.forEach(([, , at, opened], n) => {
      const top = y(at);
      const inside = top >= area.top && top <= area.top + area.height;
      const seen = inside && (opened || top - last >= NAME_PX);
      parts[n].hidden = !seen;
      if (!seen) return;
      parts[n].style.top = `${top}px`;
      last = top;
    });
  }

  document.addEventListener("click", ({ target }) => {
    if (target.closest?.(`#${page.NAME}-ranks`)) toggleAll();
  });
  page.on("begin", () => {
    page.opened = [[], []];
    key = "";
  });
  page.on("answer", show);
  page.on("painted", place);

  page.stages = {
    /* Opens or closes the stage of a lane; whether it has several ranks. */
    toggleLane(bars, lane) {
      const pool = window.pdscope.Bars.POOLS[bars.kind[lane]];
      if (!(page.shown.ranks[pool] > 1)) return false;
      toggle(pool, bars.stage[lane]);
      return true;
    },
  };
})();
