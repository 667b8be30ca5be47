/* Cards, sentences, figures, and what is wrong beside the control to blame. */
(() => {
  const { serving: page } = window.pdscope;
  const BASE = "baseline";
  const DASH = { pinned: "dot", other: "dash" };

  /* The run that is pinned: its cards and distributions; and the other arrangement, as compared. */
  let pinned = null;
  let other = null;
  let figures = {};

  function showCards({ cards }) {
    for (const [name, [number, unit, value]] of Object.entries(cards)) {
      const card = page.byId(`card-${name}`);
      card.querySelector(".card-number").textContent = number;
      card.querySelector(".card-unit").textContent = unit;
      showChange(card.querySelector(".serving-change"), value, pinned?.cards[name][2]);
    }
    page.byId("card-verdict").dataset.verdict = cards.verdict[0];
  }

  function showChange(place, value, before) {
    const known = value !== null && before;
    const share = known ? value / before - 1 : 0;
    place.textContent = !known ? "" : Math.abs(share) < 5e-4 ? "≈" : changeText(share);
    place.dataset.how = share * Number(place.dataset.sense) >= 0 ? "better" : "worse";
  }

  const changeText = (share) =>
    `${share < 0 ? "▼ −" : "▲ +"}${window.pdscope.significant(100 * Math.abs(share), 2)} %`;

  function showWords({ ledger, partial, explained }) {
    page.byId("ledger").textContent = ledger;
    const line = page.byId("partial");
    line.hidden = !partial;
    line.textContent = partial;
    // Made by app/still.py, which escapes all texts in it.
    if (explained) page.byId("explained").innerHTML = explained;
  }

  /* Another run's curve, behind that of this one. */
  const beside = (figure, kind, name) => ({
    ...figure.data[0],
    name,
    line: { ...figure.data[0].line, color: page.colour("--faint"), dash: DASH[kind] },
  });

  function showFigures() {
    for (const [part, { data, layout }] of Object.entries(figures)) {
      const more = [];
      if (part === "ttft" || part === "tpot") {
        if (pinned) more.push(beside(pinned.figures[part], "pinned", BASE));
        if (other) more.push(beside(other.figures[part], "other", other.name));
      }
      const legend = more.length ? { showlegend: true, legend: { x: 1, xanchor: "right", y: 0.12 } } : {};
      page.setProps(part, { figure: { data: [...more, ...data], layout: { ...layout, ...legend } } });
    }
  }

  function show(answer) {
    figures = answer.figures;
    page.clearWrong();
    showCards(answer);
    showWords(answer);
    showDifferences();
    showFigures();
  }

  function showWrong({ wrong: { field, message } }) {
    page.clearWrong();
    const control = field && page.byId(`${field}-control`);
    if (control) {
      control.closest("details")?.setAttribute("open", "");
      control.classList.add("wrong");
      control.querySelector(".control-message").replaceChildren(message);
    }
    const shown = page.good ? " Shown is the last setting that could." : "";
    page.say(control ? `This cannot be run.${shown}` : message);
  }

  /* What is different from the baseline. */
  function showDifferences() {
    const line = page.byId("pinned");
    const names = pinned ? Object.keys(page.good).filter((name) => page.good[name] !== pinned.values[name]) : [];
    const label = (name) => page.byId(`${name}-control`).querySelector(".control-label span:last-child").textContent;
    const parts = names.map((name) => `${label(name)} ${page.good[name]}, there ${pinned.values[name]}`);
    line.hidden = !pinned;
    line.textContent = `Against the baseline: ${parts.join("; ") || "no difference"}.`;
  }

  function togglePin() {
    if (!pinned && !page.shown) return;
    pinned = pinned ? null : page.shown;
    page.byId("pin").textContent = pinned ? "Unpin the baseline" : "Pin as baseline";
    showCards(page.shown);
    showDifferences();
    showFigures();
  }

  /* A comparison is of one setting alone. */
  function forget() {
    if (other) {
      other = null;
      page.byId("compared").hidden = true;
    }
  }

  async function compare() {
    const button = page.byId("compare");
    const asked = page.values;
    button.disabled = true;
    page.byId("working").textContent = "running both arrangements …";
    let text = "";
    try {
      const answer = await (await page.ask("compare")).json();
      if (asked !== page.values) return;
      if (answer.wrong) text = answer.wrong.message;
      else {
        other = answer;
        const place = page.byId("compared");
        const said = document.createElement("p");
        said.textContent = answer.said;
        place.innerHTML = answer.table;
        place.prepend(said);
        place.hidden = false;
        showFigures();
      }
    } catch (error) {
      text = `This cannot be compared now (${error.message}). Try again.`;
    } finally {
      // The user may have left the page meanwhile.
      if (page.byId("page")) {
        page.byId("working").textContent = text;
        page.byId("compare").disabled = false;
      }
    }
  }

  page.on("begin", () => {
    pinned = other = null;
    figures = {};
  });
  page.on("changed", forget);
  page.on("answer", show);
  page.on("wrong", showWrong);

  document.addEventListener("click", ({ target }) => {
    if (target.id === `${page.NAME}-pin`) togglePin();
    else if (target.id === `${page.NAME}-compare` && page.good) compare();
  });
})();
