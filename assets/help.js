/* Keys that press what says `data-shortcut`, the list of them, and the first visitor's hint. */
(() => {
  const SEEN = "pdscope-hint-seen";
  const byId = (id) => document.getElementById(id);
  const isTyping = ({ target }) =>
    target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

  function row(keys, what) {
    const line = document.createElement("tr");
    const key = document.createElement("kbd");
    key.textContent = keys;
    for (const content of [key, what]) {
      const cell = document.createElement("td");
      cell.append(content);
      line.append(cell);
    }
    return line;
  }

  function open() {
    const dialog = byId("help-dialog");
    if (dialog.open) return dialog.close();
    const parts = [...document.querySelectorAll("[data-shortcut]")].filter(
      (part) => part.checkVisibility(),
    );
    byId("help-shortcuts").replaceChildren(
      ...parts.map((part) => {
        const { shortcut } = part.dataset;
        return row(shortcut.toUpperCase(), part.title || part.textContent);
      }),
    );
    for (const line of dialog.querySelectorAll("[data-of]")) {
      const own = [...document.querySelectorAll(line.dataset.of)];
      line.hidden = !own.some((one) => one.checkVisibility());
    }
    dialog.showModal();
  }

  // After whatever has the focus has had its say.
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (event.defaultPrevented || event.key === '"' || event.key === "\\") return;
    if (document.querySelector("dialog[open]") && event.key !== "?") return;
    const part = document.querySelector(`[data-shortcut="${event.key.toLowerCase()}"]`);
    if (!part?.checkVisibility() || part.disabled) return;
    event.preventDefault();
    (part.querySelector("input") || part).click();
  });

  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("#help")) open();
    else if (target.closest?.("#help-close")) byId("help-dialog").close();
    // The dialog itself is hit only beside its content: on the backdrop.
    else if (target.id === "help-dialog") target.close();
    else if (target.closest?.("#hint-close")) {
      byId("hint").hidden = true;
      localStorage.setItem(SEEN, "yes");
    }
  });

  window.pdscope = Object.assign(window.pdscope || {}, {
    /* That of the page that is open, unless the visitor has seen one. */
    showHint() {
      const hint = byId("hint");
      if (!hint) return;
      const texts = [...hint.querySelectorAll("[data-path]")];
      for (const text of texts) text.hidden = text.dataset.path !== window.location.pathname;
      const nothing = texts.every((text) => text.hidden);
      hint.hidden = nothing || localStorage.getItem(SEEN) !== null;
    },
  });
})();
