/* The tables: which one is seen, in what order, which rows, and what is told below a row. */
(() => {
  const { catalog: page, session } = window.pdscope;
  // Of each kind the column that orders it, and how; nothing for the catalog's own order.
  let orders = {};
  let shown = "gpu";

  const tabs = () => [...document.querySelectorAll(".catalog-tab")];
  const panel = (kind) => page.byId(kind);
  const rowsOf = (kind) => [...panel(kind).querySelectorAll("tbody > tr[data-name]")];
  const detailOf = (row) => {
    const next = row.nextElementSibling;
    return next?.classList.contains("catalog-detail") ? next : null;
  };
  const kindOf = (part) => part.closest(".catalog-table").dataset.kind;
  const rowOf = (kind, name) => rowsOf(kind).find((row) => row.dataset.name === name);

  page.row = rowOf;
  page.shown = () => shown;

  function show(kind) {
    shown = kind;
    for (const tab of tabs()) {
      const on = tab.dataset.kind === kind;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      panel(tab.dataset.kind).hidden = !on;
    }
    search();
  }

  page.showTable = show;

  /* Order */

  function valueOf(row, column) {
    const cell = row.children[column];
    const text = cell.dataset.sort;
    if (text === undefined || text === "") return null;
    return cell.classList.contains("number") ? Number(text) : text;
  }

  // What has no value comes last, whichever way the others are.
  function compare(a, b, sign) {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (typeof a === "number" ? a - b : a.localeCompare(b));
  }

  function put(kind) {
    const heads = [...panel(kind).querySelectorAll("thead th")];
    const { key, way } = orders[kind] || {};
    const column = heads.findIndex((head) => head.dataset.key === key);
    for (const head of heads) {
      if (head.dataset.key) {
        head.setAttribute("aria-sort", head.dataset.key === key ? way : "none");
      }
    }
    const rows = rowsOf(kind);
    rows.forEach((row) => (row.dataset.place ??= rows.indexOf(row)));
    const sign = way === "descending" ? -1 : 1;
    const place = (row) => Number(row.dataset.place);
    rows.sort(
      (a, b) =>
        (column < 0 ? 0 : compare(valueOf(a, column), valueOf(b, column), sign)) ||
        place(a) - place(b),
    );
    panel(kind)
      .querySelector("tbody")
      .append(...rows.flatMap((row) => [row, detailOf(row)].filter(Boolean)));
  }

  function sort(head) {
    const kind = kindOf(head);
    const ways = ["descending", "ascending", "none"];
    if (!head.classList.contains("number")) ways.splice(0, 2, "ascending", "descending");
    const next = ways[(ways.indexOf(head.getAttribute("aria-sort")) + 1) % ways.length];
    orders[kind] = next === "none" ? null : { key: head.dataset.key, way: next };
    put(kind);
    const label = head.querySelector("button").firstChild.textContent;
    page.say(
      next === "none" ? "In the catalog's own order." : `In order of ${label}, ${next}.`,
    );
  }

  /* Search */

  function search() {
    const words = (page.byId("search")?.value || "").toLowerCase().split(/\s+/).filter(Boolean);
    for (const tab of tabs()) {
      const { kind } = tab.dataset;
      const rows = rowsOf(kind);
      let found = 0;
      for (const row of rows) {
        const fits = words.every((word) => row.dataset.search.includes(word));
        row.hidden = !fits;
        if (detailOf(row)) detailOf(row).hidden = !fits;
        found += fits;
      }
      const all = rows.length;
      tab.querySelector(".catalog-count").textContent = found === all ? `${all}` : `${found}/${all}`;
      if (kind !== shown) continue;
      page.byId("nothing").hidden = found > 0;
      panel(kind).hidden = found === 0;
      if (words.length) page.say(`${found} of ${all} ${tab.firstChild.textContent} shown.`);
    }
  }

  function showAll() {
    // The box has its own mind: it is told as if its user had emptied it.
    const box = page.byId("search");
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(box, "");
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  }

  /* Details */

  async function open(row) {
    const button = row.querySelector(".catalog-open");
    const kind = kindOf(row);
    if (detailOf(row)) {
      detailOf(row).remove();
      button.setAttribute("aria-expanded", "false");
      return;
    }
    try {
      const told = await page.ask("item", { kind, name: row.dataset.name });
      if (told.error) throw new Error(told.error);
      if (!row.isConnected || detailOf(row)) return;
      const line = document.createElement("tr");
      line.className = "catalog-detail";
      const cell = line.insertCell();
      cell.colSpan = row.children.length;
      // Written, and escaped, by the server.
      cell.innerHTML = told.html;
      Object.assign(line, { told });
      row.after(line);
      line.scrollIntoView({ block: "nearest" });
      button.setAttribute("aria-expanded", "true");
      page.problem("");
    } catch (error) {
      page.away(error);
    }
  }

  function act(button) {
    const line = button.closest(".catalog-detail");
    const row = line.previousElementSibling;
    const item = { kind: kindOf(row), name: row.dataset.name, ...line.told };
    if (button.dataset.action === "copy") page.edit({ kind: item.kind, text: item.copy });
    else if (button.dataset.action === "edit")
      page.edit({ ...item, text: ownText(item), instead: item.name });
    else if (button.dataset.action === "save") page.saveText(item.file, ownText(item));
    else if (button.dataset.action === "remove") page.remove(item);
  }

  /* As it was written, where it is the session's own. */
  const ownText = ({ kind, name, text }) =>
    session.items().find((own) => own.kind === kind && own.name === name)?.text || text;

  /* Keys: from row to row, from tab to tab */

  function step(event) {
    const { target, key } = event;
    const part = [".catalog-open", ".catalog-check"].find((name) => target.matches?.(name));
    if (part) {
      const rows = rowsOf(kindOf(target)).filter((row) => !row.hidden);
      const at = rows.indexOf(target.closest("tr"));
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[key];
      if (rows[to]) {
        event.preventDefault();
        rows[to].querySelector(part).focus();
      }
      if (part === ".catalog-check" && (key === " " || key === "Enter")) {
        event.preventDefault();
        page.toggle(target.closest("tr").dataset.name);
      }
    } else if (target.matches?.(".catalog-tab")) {
      const all = tabs();
      const at = all.indexOf(target);
      const many = all.length;
      const [next, last] = [(at + 1) % many, (at + many - 1) % many];
      const to = { ArrowRight: next, ArrowLeft: last, Home: 0, End: many - 1 }[key];
      if (to === undefined) return;
      event.preventDefault();
      show(all[to].dataset.kind);
      all[to].focus();
    }
  }

  /* What there is now, in the order and with the search as before; what was open is closed. */
  page.refresh = async () => {
    try {
      const told = await page.ask("tables");
      for (const [kind, text] of Object.entries(told)) panel(kind).innerHTML = text;
      page.tell("tables");
    } catch (error) {
      page.away(error);
    }
  };

  page.on("tables", () => {
    for (const tab of tabs()) put(tab.dataset.kind);
    search();
    page.byId("zip").hidden = session.items().length === 0;
    const refused = session.refused();
    page.byId("discard").hidden = !refused;
    if (refused) page.problem(`${refused.trim()} They are not used.`);
  });
  page.on("begin", () => {
    orders = {};
    shown = "gpu";
    page.tell("tables");
  });

  document.addEventListener("click", ({ target }) => {
    if (!page.byId("page") || !target.closest) return;
    const [tab, head, action] = [".catalog-tab", ".catalog-sort", "[data-action]"].map((name) =>
      target.closest(name),
    );
    if (tab) show(tab.dataset.kind);
    else if (head) sort(head.closest("th"));
    else if (action?.closest(".catalog-detail")) act(action);
    else if (target.closest(".catalog-check")) page.toggle(target.closest("tr").dataset.name);
    else if (target.closest(".catalog-table tr[data-name]") && !window.getSelection().toString())
      open(target.closest("tr"));
    else if (target.id === `${page.NAME}-all`) showAll();
  });
  document.addEventListener("keydown", (event) => {
    if (page.byId("page")) step(event);
  });
  document.addEventListener("input", ({ target }) => {
    if (target.id === `${page.NAME}-search`) search();
  });
})();
