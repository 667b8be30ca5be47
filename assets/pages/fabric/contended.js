/* The table of the most contended channels, and what the run would take were they faster.

   The server tries that a slice of time at each request, and is asked again until it knows all. */
(() => {
  const { fabric: page } = window.pdscope;
  // Of one state; a slice is a quarter of a second.
  const MOST_ASKED = 40;
  const METRICS = 3;
  // As app/numbers.py has it: less is shown as nearly none.
  const LEAST_CHANGE = 5e-5;
  let asking = null;

  function show({ contended }) {
    const { element } = page.parts;
    const body = page.byId("contended");
    body.replaceChildren(...contended.map(row));
    if (!contended.length) {
      const cell = element("td", "Nothing is sent over any wire.");
      cell.colSpan = 6 + METRICS;
      body.append(element("tr", cell));
    }
    mark();
  }

  function row(told) {
    const { element } = page.parts;
    const button = element("button", told.channel, "fabric-channel");
    button.type = "button";
    const title = element("th", told.alike ? [button, element("span", told.alike, "fabric-alike")] : button);
    title.scope = "row";
    const shared = told.shared === "–" ? "–" : `${told.shared}, up to ${told.most}`;
    const cells = [told.busy, shared, told.delay, told.critical].map((text) => element("td", text));
    const who = element("td", told.sharers.map(sharer), "fabric-who");
    const faster = Array.from({ length: METRICS }, () => element("td", "…", "fabric-faster"));
    const made = element("tr", [title, ...cells, who, ...faster]);
    Object.assign(made.dataset, { wire: told.wire, kind: told.group, channel: told.channel });
    return made;
  }

  function sharer({ kind, name, who, transfers, delay }) {
    const { element, swatch } = page.parts;
    const cost = delay === "–" ? "" : `: ${delay}`;
    const line = element("div", [swatch(kind), `${name} ${who}`.trim(), cost]);
    line.title = `${transfers} transfers`;
    return line;
  }

  function mark() {
    for (const line of page.byId("contended").querySelectorAll("tr[data-wire]")) {
      const on = line.dataset.wire === page.wire;
      line.classList.toggle("chosen", on);
      line.querySelector("button").setAttribute("aria-pressed", String(on));
    }
  }

  /* What is made faster: a wire or its kind, as the rows' data call it. */
  const what = () => page.byId("what").value;

  function showFaster({ rows, complete }) {
    const { element } = page.parts;
    for (const line of page.byId("contended").querySelectorAll("tr[data-wire]")) {
      const told = rows[line.dataset[what()]];
      const cells = [...line.querySelectorAll(".fabric-faster")];
      if (told?.cells)
        cells.forEach((cell, n) => {
          const { then, change, share } = told.cells[n];
          const how = Math.abs(share) < LEAST_CHANGE ? "same" : share < 0 ? "better" : "worse";
          cell.replaceChildren(then, element("span", change, `fabric-change ${how}`));
        });
      else if (told) cells.forEach((cell, n) => Object.assign(cell, { textContent: n ? "" : "not found", title: told.reason }));
      else if (complete) cells.forEach((cell) => cell.replaceChildren("–"));
    }
  }

  async function post(values, signal) {
    const response = await page.post("faster", { values, what: what() }, signal);
    return response.json();
  }

  function abandon() {
    asking?.abort();
    asking = null;
  }

  async function study({ values }) {
    abandon();
    const mine = (asking = new AbortController());
    const state = page.byId("trying");
    const body = page.byId("contended");
    body.dataset.complete = "no";
    state.textContent = "trying each twice as fast…";
    for (const cell of body.querySelectorAll(".fabric-faster")) cell.replaceChildren("…");
    // Several processes answer, and each knows what it tried itself.
    let rows = {};
    try {
      for (let n = 1; asking === mine; n += 1) {
        const told = await post(values, mine.signal);
        // The user may have moved on, or left the page.
        if (asking !== mine || !body.isConnected) return;
        if (told.wrong) throw new Error(told.wrong);
        rows = { ...rows, ...told.rows };
        const complete = told.complete || n === MOST_ASKED;
        showFaster({ rows, complete });
        state.textContent = complete ? told.why_not : state.textContent;
        if (complete) break;
      }
    } catch (error) {
      if (asking !== mine || !state.isConnected) return;
      state.textContent = `twice as fast not found: ${error.message}`;
    }
    body.dataset.complete = "yes";
    asking = null;
  }

  document.addEventListener("click", ({ target }) => {
    const line = target.closest?.(`#${page.NAME}-contended tr[data-wire]`);
    if (line) page.choose(line.dataset.wire);
  });
  document.addEventListener("change", ({ target }) => {
    if (target.id === `${page.NAME}-what` && page.shown) study({ values: page.good });
  });
  page.on("begin", abandon);
  page.on("wrong", abandon);
  page.on("answer", show);
  page.on("answer", study);
  page.on("chosen", mark);
})();
