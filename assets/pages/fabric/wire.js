/* The chosen wire: who is on it at the time that is shown, and who used it in all. */
(() => {
  const { fabric: page } = window.pdscope;
  const ASK_EVERY_MS = 150;
  const NOW = ["", "Speed", "Of that alone", "Held back by"];
  const ALL = ["Whole run", "Transfers", "Payload", "Moving", "Cost"];
  let timer = null;

  const gate = new window.pdscope.LatestWins({
    url: `/${page.NAME}/wire`,
    paint: show,
    away() {},
    refused: (reason) => say(`The server refuses this (${reason}).`),
  });

  function say(text) {
    page.byId("directions")?.replaceChildren(text);
  }

  function element(tag, content, className) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...[content].flat());
    return made;
  }

  function ask() {
    timer = null;
    if (!page.byId("page") || !page.wire || !page.good) return;
    const { mean_s: part } = page.shown.use;
    gate.rest({
      values: page.good,
      wire: page.wire,
      from_s: page.moment * part,
      to_s: (page.moment + 1) * part,
    });
  }

  /* While the run plays, no more often than one can read. */
  function soon() {
    timer ??= setTimeout(ask, ASK_EVERY_MS);
  }

  function show({ wrong, wire, directions }) {
    const root = page.byId("directions");
    if (!root || wire !== page.wire) return wrong && say(wrong);
    const chosen = page.wires.chosen();
    root.replaceChildren(...directions.map((one, place) => direction(one, place, chosen)));
    root.dataset.wire = wire;
  }

  function direction(told, place, wire) {
    const title = element("h2", wire ? page.wires.direction(wire, place) : told.channel);
    title.title = told.channel;
    const now = told.now.map((one) => [name(one), one.which, one.rate, one.share, one.held]);
    const all = told.all.map((one) => [name(one), one.transfers, one.bytes, one.moving, one.delay]);
    if (!all.length) {
      const none = element("p", "Nothing is sent this way.", "fabric-none");
      return element("section", [title, none], "fabric-direction unused");
    }
    const moving = now.length
      ? table([`At ${told.at}`, ...NOW], now, told.more_now, "fabric-now")
      : element("p", "Nothing moves now.", "fabric-none");
    const parts = [title, moving, table(ALL, all, told.more, "fabric-all")];
    return element("section", parts, "fabric-direction");
  }

  const name = ({ kind, what }) => [swatch(kind), what];

  function swatch(kind) {
    const mark = document.createElement("i");
    mark.className = `swatch swatch-${kind.replaceAll(" ", "-")}`;
    return mark;
  }

  function table(heads, rows, more, className) {
    const made = element("table", [], `fabric-table ${className}`);
    const head = element("tr", heads.map((text) => element(text ? "th" : "td", text)));
    for (const cell of head.querySelectorAll("th")) cell.scope = "col";
    made.append(element("thead", head));
    const body = rows.map(([first, ...cells]) => {
      const title = element("th", first);
      title.scope = "row";
      return element("tr", [title, ...cells.map((cell) => element("td", cell))]);
    });
    if (more) {
      const cell = element("td", `and ${window.pdscope.count(more)} more`, "fabric-none");
      cell.colSpan = heads.length;
      body.push(element("tr", cell));
    }
    made.append(element("tbody", body));
    return made;
  }

  /* The list of all wires, by kind. */
  function fillList() {
    const groups = new Map();
    for (const { name: wire, group } of page.wires.all) {
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(wire);
    }
    page.byId("wire").replaceChildren(
      ...[...groups].map(([group, names]) => {
        const part = document.createElement("optgroup");
        part.label = group;
        part.append(...names.map((wire) => new Option(wire, wire)));
        return part;
      }),
    );
  }

  function factsOf({ group, speeds: [out, into], latency }) {
    const speed =
      into === undefined ? `${out} both ways together` : out === into ? `${out} each way` : `${out} and ${into}`;
    return `${group} · ${speed}, ${latency} latency`;
  }

  function chosen() {
    page.byId("wire").value = page.wire ?? "";
    const wire = page.wires.chosen();
    page.byId("wire-facts").textContent = wire ? factsOf(wire) : "";
    ask();
  }

  document.addEventListener("change", ({ target }) => {
    if (target.id === `${page.NAME}-wire`) page.choose(target.value);
  });
  page.on("answer", () => {
    fillList();
    chosen();
  });
  page.on("chosen", chosen);
  page.on("moment", soon);
  page.on("paused", soon);
  page.parts = { element, swatch };
})();
