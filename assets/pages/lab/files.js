/* What is shown, as files: those of the run the server makes, those of the surface the browser. */
(() => {
  const { lab: page } = window.pdscope;
  const MADE_HERE = {
    "surface-csv": ["speed-up.csv", () => page.surface.csv()],
    "surface-html": ["speed-up.html", () => page.surface.html()],
  };

  async function fromServer(file) {
    const response = await page.ask("file", { file, values: page.good });
    const [, filename] = response.headers.get("Content-Disposition").match(/filename="(.*)"/);
    return [filename, await response.blob()];
  }

  async function save(file) {
    const own = MADE_HERE[file];
    const working = page.byId("working");
    if (own && !page.surface.known()) {
      working.textContent = "The surface is not complete yet: wait for it, or press Compute.";
      return;
    }
    const [filename, blob] = own ? [own[0], await own[1]()] : await fromServer(file);
    window.pdscope.saveAs(blob, filename);
    working.textContent = `Saved as ${filename}`;
  }

  document.addEventListener("change", ({ target }) => {
    if (target.id !== `${page.NAME}-save` || !target.value) return;
    const file = target.value;
    target.value = "";
    if (!page.good) return;
    save(file).catch((error) => {
      page.byId("working").textContent = `This cannot be saved now (${error.message}). Try again.`;
    });
  });
})();
