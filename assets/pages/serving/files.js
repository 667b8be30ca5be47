/* What is shown, as files that the server makes. */
(() => {
  const { serving: page } = window.pdscope;

  async function save(file) {
    const response = await page.ask("file", { file, values: page.good });
    const [, filename] = response.headers.get("Content-Disposition").match(/filename="(.*)"/);
    window.pdscope.saveAs(await response.blob(), filename);
    page.byId("working").textContent = `Saved as ${filename}: the run of ${window.pdscope.count(page.good.requests)} requests`;
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
