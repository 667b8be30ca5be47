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
    const request = page.request(baseline.values);
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
    const root = page.byId("baseline");
    if (root.hidden === !on) return;
    root.hidden = !on;
    // The chart above has another height now.
    window.dispatchEvent(new Event("resize"));
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
    // Setting a size also clears, but costs more.
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const area = { ...above, top: TOP_PX, height: height - TOP_PX - BOTTOM_PX };
    const { top, bottom } = answer.lanes;
    const y = (position) => area.top + ((position - top) / (bottom - top)) * area.height;
    bars.draw(context, { x, y, area, colours, emphasis });
    drawLabels(context, { y, area, colours });
    drawMarks(context, { x, area, colours });
  }

  /* As many stages as there is room for. */
  function drawLabels(context, { y, area, colours }) {
    context.font = `10px ${colours.font}`;
    context.fillStyle = colours.faint;
    context.textAlign = "right";
    context.textBaseline = "middle";
    let last = -Infinity;
    answer.lanes.positions.forEach((position, i) => {
      const at = y(position);
      if (at - last < LABELS_EVERY_PX) return;
      last = at;
      context.fillText(answer.lanes.labels[i], area.left - 6, at);
    });
  }

  function drawMarks(context, { x, area, colours }) {
    context.font = `11px ${colours.font}`;
    context.textBaseline = "bottom";
    answer.marks.forEach(({ text, at_s: moment }, n) => {
      const at = x(moment);
      if (at < area.left - 1 || at > area.left + area.width + 1) return;
      context.strokeStyle = colours.mark;
      context.lineWidth = 1.2;
      context.setLineDash(n ? [2, 3] : []);
      context.beginPath();
      context.moveTo(at, area.top - 4);
      context.lineTo(at, area.top + area.height);
      context.stroke();
      context.fillStyle = colours.text;
      context.textAlign = n ? "left" : "right";
      context.fillText(text, at + (n ? 4 : -4), area.top - 4);
    });
    context.setLineDash([]);
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
