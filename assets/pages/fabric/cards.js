/* The cards, and what is wrong beside the control to blame; the last good picture stays, greyed. */
(() => {
  const { fabric: page } = window.pdscope;

  function showCards({ cards }) {
    for (const [name, [number, unit]] of Object.entries(cards)) {
      const card = page.byId(`card-${name}`);
      card.querySelector(".card-number").textContent = number;
      card.querySelector(".card-unit").textContent = unit;
    }
  }

  function clear() {
    for (const control of document.querySelectorAll(`#${page.NAME}-page .control.wrong`)) {
      control.classList.remove("wrong");
      control.querySelector(".control-message").replaceChildren();
    }
  }

  /* If one control alone was changed since all was well, it is that one, whatever else would help. */
  function toBlame(field, values) {
    const changed = Object.keys(page.good || {}).filter((name) => values[name] !== page.good[name]);
    return changed.length === 1 ? changed[0] : field;
  }

  function show({ wrong: { field, message, remedies }, values }) {
    clear();
    const blamed = toBlame(field, values);
    const control = blamed && page.byId(`${blamed}-control`);
    if (control) {
      const more = control.closest("details");
      if (more) more.open = true;
      control.classList.add("wrong");
      control.querySelector(".control-message").replaceChildren(message, ...remedies.map(remedy));
    }
    const nothing = page.byId("nothing");
    if (!page.good) {
      nothing.hidden = false;
      nothing.replaceChildren(message);
    }
    // Beside the control, where there is one, stands why.
    const shown = page.good ? " Shown is the last setting that could." : "";
    page.say(control ? `This cannot be run.${shown}` : message);
  }

  function remedy({ field, value, label }) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "remedy", textContent: label });
    button.addEventListener("click", () => page.setProps(field, { value }));
    return button;
  }

  page.on("answer", showCards);
  page.on("answer", clear);
  page.on("wrong", show);
  page.on("away", () => {
    if (!page.good) page.byId("nothing").textContent = "The server is away; trying again.";
  });
})();
