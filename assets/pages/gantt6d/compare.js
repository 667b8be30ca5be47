/* The table of what differs between the current scenario and its pins. */
(() => {
  const { gantt6d: page } = window.pdscope;

  function cell(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function row(...cells) {
    const made = document.createElement("tr");
    made.append(...cells);
    return made;
  }

  function section(title, rows, columns) {
    const body = document.createElement("tbody");
    body.append(row(cell("th", title, { colspan: columns + 1, scope: "rowgroup" })));
    for (const { label, cells, best = [] } of rows) {
      const values = cells.map((text, i) => {
        const made = cell("td", text);
        if (best.includes(i)) {
          made.className = "best";
          made.append(cell("span", "best"));
        }
        return made;
      });
      body.append(row(cell("th", label, { scope: "row" }), ...values));
    }
    return body;
  }

  function show({ pins, scenario, results }) {
    const root = page.byId("compare");
    root.hidden = page.byId("compare-open").hidden = !pins.length;
    if (!pins.length) return;
    const names = pins.map((_, i) => {
      const letter = page.pins.letter(i);
      return i === page.pins.base ? `${letter}, baseline` : letter;
    });
    const head = document.createElement("thead");
    const heads = ["Current", ...names].map((name) => cell("th", name, { scope: "col" }));
    head.append(row(cell("td", ""), ...heads));
    const same = { label: "Nothing differs", cells: ["Current", ...pins].map(() => "") };
    page.byId("compare-table").replaceChildren(
      head,
      section("Scenario", scenario.length ? scenario : [same], heads.length),
      section("Result", results, heads.length),
    );
  }

  function open() {
    const root = page.byId("compare");
    root.open = true;
    root.scrollIntoView({ block: "nearest" });
    root.querySelector("summary").focus();
  }

  page.on("compared", show);
  document.addEventListener("click", ({ target }) => {
    if (target.closest?.(`#${page.NAME}-compare-open`)) open();
  });
})();
