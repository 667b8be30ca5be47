/* The roofline of the GPUs that are chosen, asked of the server whenever they change. */
(() => {
  const { catalog: page } = window.pdscope;
  let chosen = [];
  let asking = null;

  const formats = () => [...document.querySelectorAll("#catalog-plot [data-format]")];

  function mark() {
    for (const box of document.querySelectorAll(".catalog-check")) {
      const on = chosen.includes(box.closest("tr").dataset.name);
      box.setAttribute("aria-checked", String(on));
    }
    page.byId("chips").replaceChildren(
      ...chosen.map((name) => {
        const chip = document.createElement("li");
        const button = document.createElement("button");
        Object.assign(button, { type: "button", className: "catalog-chip", textContent: name });
        button.dataset.gpu = name;
        button.setAttribute("aria-label", `Take ${name} off the roofline`);
        chip.append(button);
        return chip;
      }),
    );
    page.byId("plot-nothing").hidden = chosen.length > 0;
  }

  page.toggle = (name) => {
    const most = page.told("bounds").gpus;
    if (chosen.includes(name)) chosen = chosen.filter((other) => other !== name);
    else if (chosen.length >= most) {
      page.problem(`The roofline shows ${most} GPUs at most; take one off first.`);
      return;
    } else chosen = [...chosen, name];
    page.problem("");
    plot();
  };

  async function plot() {
    // An item of one's own may have been removed.
    chosen = chosen.filter((name) => page.row("gpu", name));
    mark();
    asking?.abort();
    const mine = (asking = new AbortController());
    const root = page.byId("plot");
    root.dataset.settled = "false";
    const body = {
      values: page.told("values"),
      gpus: chosen,
      formats: formats()
        .filter((one) => one.getAttribute("aria-pressed") === "true")
        .map((one) => one.dataset.format),
      scheme: page.scheme(),
    };
    try {
      const told = await page.ask("roofline", body, mine.signal);
      if (asking !== mine || !root.isConnected) return;
      if (told.error) throw new Error(told.error);
      window.dash_clientside.set_props("catalog-roofline", { figure: told.figure });
      for (const chip of document.querySelectorAll(".catalog-chip"))
        chip.style.setProperty("--of-chip", told.colours[chip.dataset.gpu] || "transparent");
      const without = told.without.length ? `${told.without.join("; ")}.` : "";
      page.byId("plot-said").textContent = [told.said, without].filter(Boolean).join(" ");
      page.byId("plot-wrong").textContent = told.wrong || "";
      page.byId("plot-wrong").hidden = !told.wrong;
      root.dataset.settled = "true";
    } catch (error) {
      if (asking === mine && error.name !== "AbortError") page.away(error);
    }
  }

  page.on("begin", () => {
    chosen = [...new Set(page.told("plotted"))];
    plot();
  });
  page.on("tables", () => page.byId("plot").dataset.settled && plot());
  page.on("recolour", plot);

  document.addEventListener("click", ({ target }) => {
    if (!page.byId("plot") || !target.closest) return;
    const chip = target.closest(".catalog-chip");
    const format = target.closest("#catalog-plot [data-format]");
    if (chip) page.toggle(chip.dataset.gpu);
    if (!format) return;
    format.setAttribute("aria-pressed", String(format.getAttribute("aria-pressed") !== "true"));
    plot();
  });
})();
