/* The baseline's Gantt under the current one, on the same time axis. */
(() => {
  const { gantt6d: page, Bars, LatestWins } = window.pdscope;
  // Its name and the names of its marks, a line each.
  const TOP_PX = 37;
  const BOTTOM_PX = 4;
  const LABELS_EVERY_PX = 11;
  let bars = null;
  let answer = null;
  let asked = null;
  // What the canvas shows now.
  let painted = null;

  const gate = new LatestWins({
    url: "/gantt6d/picture",
    paint: arrived,
    away: () => page.say("The server is away; trying again."),
    refused: (reason) => page.say(`The baseline cannot be drawn (${reason}).`),
  });

  /* Of what is seen now, unless that is drawn already. */
  function ask() {
    const baseline = page.pins.baseline();
    if (!baseline) return clear();
    const request = { ...page.request(baseline.values), opened: [[], []] };
    const key = JSON.stringify([request.values, request.window, request.pixels]);
    if (key === asked) return;
    asked = key;
    gate.rest(request);
  }

  function clear() {
    bars = answer = asked = null;
    show(false);
    endAt(0);
  }

  function show(on) {
    page.byId("baseline").hidden = !on;
  }

  function endAt(end) {
    if (page.baselineEnd === end) return;
    page.baselineEnd = end;
    if (page.shown) page.tell("axis");
  }

  /* Whether this is a picture of what is the baseline now. */
  const isOf = (picture) =>
    JSON.stringify(picture?.values) === JSON.stringify(page.pins.baseline()?.values);

  function arrived(next) {
    // The user may have left the page, unpinned it or chosen another.
    if (!page.byId("baseline") || !isOf(next) || next.wrong) return;
    answer = next;
    bars = new Bars(next);
    show(true);
    endAt(next.end_s);
    name();
    paint();
  }

  function name() {
    const { name: differs, ttds } = page.pins.list[page.pins.base];
    const text = `Baseline ${page.pins.letter(page.pins.base)}: ${differs}, TTDS ${ttds}`;
    page.byId("baseline-name").textContent = text;
    page.byId("baseline").setAttribute("aria-label", `${text}, as a Gantt chart`);
  }

  function paint() {
    if (!bars || page.byId("baseline").hidden || !page.chart.bars()) return;
    const canvas = page.byId("baseline-bars");
    const { x, area: above } = page.chart.scales();
    const colours = page.chart.colours();
    const emphasis = page.byId("path")?.checked ?? false;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    // While one drags, the current run alone changes most often.
    const next = [bars, colours, emphasis, ratio, width, height, x(0), x(1)];
    if (painted?.every((part, i) => part === next[i])) return;
    painted = next;
    const { context } = page.canvas.cleared(canvas);
    const area = { ...above, top: TOP_PX, height: height - TOP_PX - BOTTOM_PX };
    const { top, bottom } = answer.lanes;
    const y = (position) => area.top + ((position - top) / (bottom - top)) * area.height;
    bars.draw(context, { x, y, area, colours, emphasis });
    drawLabels(context, { y, area, colours });
    page.canvas.drawMarks(context, answer.marks, { x, area, colours });
  }

  /* Nothing opens here: what are buttons beside the other chart are names like all others. */
  function namesOf({ positions, labels, heads }) {
    const names = positions.map((position, i) => [position, labels[i]]);
    names.push(...heads.map(([pool, stage, at]) => [at, `${"PD"[pool]}${stage}`]));
    return names.sort(([a], [b]) => a - b);
  }

  /* As many stages as there is room for. */
  function drawLabels(context, { y, area, colours }) {
    context.font = `10px ${colours.font}`;
    context.fillStyle = colours.faint;
    context.textAlign = "right";
    context.textBaseline = "middle";
    let last = -Infinity;
    for (const [position, text] of namesOf(answer.lanes)) {
      const at = y(position);
      if (at - last < LABELS_EVERY_PX) continue;
      last = at;
      context.fillText(text, area.left - 6, at);
    }
  }

  page.on("begin", () => {
    bars = answer = asked = painted = null;
  });
  page.on("settled", ask);
  page.on("pins", () => {
    if (page.shown) ask();
    if (answer && isOf(answer)) name();
  });
  page.on("painted", paint);
})();
