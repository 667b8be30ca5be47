/* Arrow keys walk from bar to bar of the chart that has the focus: along a lane, and to the lanes
   above and below. Each bar is told of as under the pointer, and aloud. */
(() => {
  const { gantt6d: page } = window.pdscope;
  // Where the walk is: a lane, the time that up and down keep to [s], the bar and the picture it is
  // of. Null while nobody walks.
  let here = null;

  /* What is seen of the chart: times [s] and positions among the lanes. */
  function view() {
    const { time, position, area } = page.chart.scales();
    const [low, high] = [time(area.left), time(area.left + area.width)];
    return { low, high, top: position(area.top), bottom: position(area.top + area.height) };
  }

  /* The bars of a lane that are seen, from left to right. */
  function seen(bars, lane) {
    const { low, high, top, bottom } = view();
    if (!(bars.middle[lane] > top && bars.middle[lane] < bottom)) return [];
    const [first, end] = [bars.offsets[lane], bars.offsets[lane + 1]];
    return Array.from({ length: end - first }, (_, n) => first + n).filter(
      (i) => bars.to(i) > low && bars.from(i) < high,
    );
  }

  function nearest(bars, list, time) {
    const away = (i) => Math.max(bars.from(i) - time, time - bars.to(i), 0);
    return list.reduce((best, i) => (away(i) < away(best) ? i : best));
  }

  /* The middle of what is seen of a bar [s]. */
  function middle(bars, i) {
    const { low, high } = view();
    return (Math.max(low, bars.from(i)) + Math.min(high, bars.to(i))) / 2;
  }

  function tell() {
    const { bars, bar, lane } = here;
    const { x, y } = page.chart.scales();
    const below = bars.middle[lane] + bars.heights[bars.kind[lane]] / 2;
    page.tip.show(bar, [x(middle(bars, bar)), y(below)], { aloud: true });
    page.chart.paint();
  }

  function go(bars, lane, bar, time = middle(bars, bar)) {
    here = { bars, lane, bar, time };
    tell();
  }

  /* To the first lane, in steps of one from there, that has a bar to be seen. */
  function goToLane(from, step, time) {
    const bars = page.chart.bars();
    for (let lane = from; lane >= 0 && lane < bars.middle.length; lane += step) {
      const list = seen(bars, lane);
      if (!list.length) continue;
      const bar = time === undefined ? list[0] : nearest(bars, list, time);
      return go(bars, lane, bar, time);
    }
    if (here) page.tip.tellAloud(`No bar further ${step > 0 ? "down" : "up"}.`);
  }

  function goAlong(pick) {
    const list = seen(here.bars, here.lane);
    const bar = list[pick(list.indexOf(here.bar), list.length)];
    if (bar !== undefined) return go(here.bars, here.lane, bar);
    page.tip.tellAloud("No bar further along this lane in view; A and D pan.");
  }

  function end() {
    if (!here) return;
    here = null;
    page.tip.hide();
    page.chart.paint();
  }

  const WALKS = {
    ArrowLeft: () => goAlong((at) => at - 1),
    ArrowRight: () => goAlong((at) => at + 1),
    ArrowUp: () => goToLane(here.lane - 1, -1, here.time),
    ArrowDown: () => goToLane(here.lane + 1, 1, here.time),
    Home: () => goAlong(() => 0),
    End: () => goAlong((_, count) => count - 1),
    Enter: () => {
      if (page.stages.toggleLane(here.bars, here.lane)) return;
      page.tip.tellAloud("This stage has one rank.");
    },
  };

  function press(event) {
    if (!page.chart.bars() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return end();
    if (!WALKS[event.key]) return;
    event.preventDefault();
    if (here) WALKS[event.key]();
    else if (event.key !== "Enter") goToLane(0, 1);
  }

  /* A new picture has other bars: where the old one was, there is one of them, or none. */
  function find() {
    const bars = page.chart.bars();
    if (!here || !bars || here.bars === bars) return;
    const list = here.lane < bars.middle.length ? seen(bars, here.lane) : [];
    here = list.length ? { ...here, bars, bar: nearest(bars, list, here.time) } : null;
  }

  /* Two lines, so that it is seen on every colour. */
  function drawFrame() {
    find();
    if (!here) return;
    const { x, y, area } = page.chart.scales();
    const { bars, bar, lane } = here;
    const colours = page.chart.colours();
    const tall = bars.heights[bars.kind[lane]] / 2;
    const left = Math.max(area.left, x(bars.from(bar)));
    const right = Math.min(area.left + area.width, x(bars.to(bar)));
    const [top, bottom] = [y(bars.middle[lane] - tall), y(bars.middle[lane] + tall)];
    const context = page.byId("bars").getContext("2d");
    for (const [colour, out] of [[colours.surface, 3], [colours.mark, 1.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = out === 3 ? 5 : 2;
      context.strokeRect(left - out, top - out, right - left + 2 * out, bottom - top + 2 * out);
    }
  }

  const isStage = ({ target }) => target.id === `${page.NAME}-stage`;
  document.addEventListener("keydown", (event) => isStage(event) && press(event));
  document.addEventListener("focusout", (event) => isStage(event) && page.shown && end());

  page.on("begin", () => {
    here = null;
  });
  page.on("painted", drawFrame);
  page.on("answer", () => {
    find();
    if (here) tell();
  });

  /* The time [s] that a zoom by keys is about; null while nobody walks. */
  page.walk = { time: () => here?.time ?? null };
})();
