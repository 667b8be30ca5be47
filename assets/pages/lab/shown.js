/* Cards, sentences, tables, figures, and what is wrong beside the control to blame. */
(() => {
  const { lab: page } = window.pdscope;
  const FIGURES = ["timeline", "shares"];

  function showCards({ cards }) {
    for (const [name, [number, unit, meaning]] of Object.entries(cards)) {
      const card = page.byId(`card-${name}`);
      card.querySelector(".card-number").textContent = number;
      card.querySelector(".card-unit").textContent = unit;
      if (!meaning) continue;
      const place = card.querySelector(".card-meaning");
      place.textContent = place.title = meaning;
    }
  }

  /* What has no effect as things are is not there. */
  function hideIdle({ idle = [] }) {
    for (const name of Object.keys(page.values)) page.byId(`${name}-control`).hidden = idle.includes(name);
  }

  /* What the algorithm is usually run on, where other things are set. */
  let usual = {};

  function offerUsual(answer) {
    usual = answer.usual || {};
    page.byId("usual").hidden = !Object.keys(usual).length;
  }

  function show(answer) {
    page.clearWrong();
    offerUsual(answer);
    showCards(answer);
    hideIdle(answer);
    page.byId("drawn").textContent = answer.drawn;
    for (const part of FIGURES) page.setProps(part, { figure: answer.figures[part] });
    // Made by app/still.py, which escapes all texts in them.
    for (const [part, table] of Object.entries(answer.tables)) page.byId(part).innerHTML = table;
  }

  function showWrong(answer) {
    const { field, message } = answer.wrong;
    page.clearWrong();
    offerUsual(answer);
    hideIdle(answer);
    const control = field && page.byId(`${field}-control`);
    if (control) {
      control.hidden = false;
      control.closest("details")?.setAttribute("open", "");
      control.classList.add("wrong");
      control.querySelector(".control-message").replaceChildren(message);
    }
    const shown = page.good ? " Shown is the last setting that could." : "";
    page.say(control ? `This cannot be run.${shown}` : message);
  }

  document.addEventListener("click", ({ target }) => {
    if (target.id !== `${page.NAME}-usual`) return;
    for (const [name, value] of Object.entries(usual)) page.setProps(name, { value: value ?? "" });
  });

  page.on("answer", show);
  page.on("wrong", showWrong);
})();
