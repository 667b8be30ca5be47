/* What one step of each control, or a faster link, would change; choosing a step takes it. */
(() => {
  const { gantt6d: page } = window.pdscope;

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  /* One text over all three cells, in place of the changes. */
  function sayAcross(cells, text) {
    cells.forEach((cell, i) => {
      cell.hidden = i > 0;
      cell.colSpan = i ? 1 : cells.length;
      cell.querySelector(".step-bar").style.width = "0";
      cell.querySelector(".step-bar").className = "step-bar";
      write(cell.querySelector(".step-text"), i ? "" : text);
    });
  }

  /* `most` is the share that fills half a cell. */
  function showCells(cells, told, most) {
    cells.forEach((cell, i) => {
      const { text, share } = told[i];
      cell.classList.toggle("none", !share);
      cell.hidden = false;
      cell.colSpan = 1;
      write(cell.querySelector(".step-text"), text);
      const bar = cell.querySelector(".step-bar");
      const width = 50 * Math.min(1, Math.abs(share) / most);
      bar.style.width = `${width}%`;
      bar.style.left = `${share < 0 ? 50 - width : 50}%`;
      bar.className = `step-bar ${share < 0 ? "better" : "worse"}`;
    });
  }

  function showRow(row, { steps, rows, complete }, most) {
    const key = row.dataset.step;
    const button = row.querySelector("button");
    const step = steps[key];
    const told = rows[key];
    const cells = [...row.querySelectorAll(".step-change")];
    row.classList.toggle("dull", !told?.cells);
    if (button) {
      write(button, step ? step.label : "–");
      // It stays where it is and can be asked why.
      button.setAttribute("aria-disabled", String(!told?.cells));
      button.setAttribute("aria-label", step ? `${row.dataset.name}: ${step.label}` : row.dataset.name);
    }
    if (told?.cells) showCells(cells, told.cells, most);
    else if (told) sayAcross(cells, told.short);
    else if (button && !step) sayAcross(cells, "end of its range");
    else sayAcross(cells, complete ? "not tried: too long" : "…");
  }

  /* A row for each link of the topology, made of the one that is never seen. */
  function nameLinks(root, links) {
    const template = root.querySelector("tr[data-link]");
    const said = JSON.stringify(links);
    if (template.dataset.link === said) return;
    template.dataset.link = said;
    for (const row of root.querySelectorAll(".steps-link")) row.remove();
    for (const link of links) {
      const row = template.cloneNode(true);
      row.hidden = false;
      row.removeAttribute("data-link");
      row.className = "steps-link";
      row.dataset.step = `${link}:up`;
      row.dataset.name += link;
      row.querySelector("th").textContent = link;
      template.parentElement.append(row);
    }
  }

  function show(told) {
    const root = page.byId("steps");
    nameLinks(root, told.links);
    const shares = Object.values(told.rows).flatMap(({ cells }) => (cells || []).map(({ share }) => Math.abs(share)));
    const most = Math.min(1, Math.max(...shares, 0.01));
    for (const row of root.querySelectorAll("[data-step]")) showRow(row, told, most);
    page.byId("steps-state").textContent = told.complete ? "" : "trying…";
    root.dataset.complete = told.complete;
  }

  function take(row) {
    // A step from what is shown, which is not what the controls say.
    if (page.refused()) return;
    const { steps, rows } = page.explained || {};
    const step = steps?.[row.dataset.step];
    if (step && rows[row.dataset.step]?.cells) page.setProps(step.field, { value: step.value });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(`#${page.NAME}-steps .step`);
    if (button) take(button.closest("[data-step]"));
  });
  page.on("answer", () => {
    page.byId("steps").dataset.complete = page.explained?.complete ?? false;
  });
  page.on("explained", show);
  page.on("unexplained", (reason) => {
    page.byId("steps-state").textContent = `not found: ${reason}`;
  });
})();
