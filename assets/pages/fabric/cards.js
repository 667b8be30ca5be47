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

  function show({ wrong: { field, message, remedies }, values }) {
    page.clearWrong();
    const blamed = page.toBlame(field, values);
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
  page.on("answer", page.clearWrong);
  page.on("wrong", show);
  page.on("away", () => {
    if (!page.good) page.byId("nothing").textContent = "The server is away; trying again.";
  });
})();
