/* What is wrong, beside the control to blame; the last good picture stays, greyed.

   It lies over what is there, so that nothing moves when it comes in the middle of a drag: beside the
   rail over the greyed chart, but over no result; in one column over the controls next to it. */
(() => {
  const { gantt6d: page } = window.pdscope;
  const GAP_PX = 8;

  function clear() {
    page.clearWrong();
    page.byId("page").classList.remove("empty");
    page.byId("remedy").disabled = false;
    page.byId("nothing").hidden = true;
  }

  function show({ wrong: { field, message, remedies }, values }) {
    const blamed = page.toBlame(field, values);
    const control = blamed && page.byId(`${blamed}-control`);
    const text = control?.querySelector(".control-message");
    if (!control?.classList.contains("wrong") || text.dataset.said !== message) {
      clear();
      if (control) {
        for (let part = control; part; part = part.parentElement.closest("details")) {
          if (part.matches("details")) part.open = true;
        }
        control.classList.add("wrong");
        text.dataset.said = message;
        text.hidden = false;
        text.replaceChildren(closeButton(), message, remedyButtons(remedies));
        place(text, control);
      }
    }
    // What it would set, it would set beside what cannot be run.
    page.byId("remedy").disabled = true;
    if (!page.good) showNothing(message, remedies);
    // Beside the control, where there is one, stands why.
    const shown = page.good ? " Shown is the last setting that could." : "";
    page.say(control ? `This cannot be run.${shown}` : message);
  }

  function place(text, control) {
    const at = control.getBoundingClientRect();
    const content = page.byId("page").querySelector(".content").getBoundingClientRect();
    const beside = content.left >= at.right;
    const results = page.byId("explain").getBoundingClientRect().bottom;
    text.style.left = `${beside ? content.left + GAP_PX - at.left : 0}px`;
    text.style.right = beside ? "auto" : 0;
    text.style.width = beside ? "max-content" : "auto";
    const below = at.bottom + text.offsetHeight <= content.top ? at.height : -text.offsetHeight;
    text.style.top = `${beside ? Math.max(0, results + GAP_PX - at.top) : below}px`;
  }

  function placeAgain() {
    const text = document.querySelector(`#${page.NAME}-page .control.wrong .control-message`);
    if (text) place(text, text.closest(".control"));
  }

  /* What is under the message may be wanted; another message shows again. */
  function closeButton() {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "notice-close", textContent: "✕" });
    button.setAttribute("aria-label", "Hide this message");
    return button;
  }

  /* There is no setting yet that could be shown instead. */
  function showNothing(message, remedies) {
    page.byId("page").classList.add("empty");
    const root = page.byId("nothing");
    root.hidden = false;
    if (root.dataset.said === message) return;
    root.dataset.said = message;
    const [title, why] = ["strong", "p"].map((name) => document.createElement(name));
    title.textContent = "This cannot be run";
    why.textContent = message;
    root.replaceChildren(title, why, remedyButtons(remedies));
  }

  function remedyButtons(remedies) {
    const row = document.createElement("div");
    row.append(...remedies.map(remedyButton));
    return row;
  }

  function remedyButton({ field, value, label }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "remedy";
    button.textContent = label;
    button.addEventListener("click", () => page.setProps(field, { value }));
    return button;
  }

  addEventListener("resize", placeAgain);
  page.on("away", () => {
    const waiting = page.byId("page").classList.contains("waiting");
    if (waiting) page.byId("nothing").textContent = "The server is away; trying again.";
  });
  page.on("answer", clear);
  page.on("wrong", show);
})();
