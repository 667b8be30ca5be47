/* Files to save: most the server makes; images the browser draws from a figure of the server's. */
(() => {
  const { gantt6d: page } = window.pdscope;
  const IMAGE = { width: 1200, height: 675 };
  // Of its pixels for each of the picture's: so that it can be printed.
  const PNG_SCALE = 2;

  /* The response to a request for a file; undefined, and said, if it was refused. */
  async function fetched(name) {
    const response = await page.post("file", { values: page.good, file: name, window: page.wanted() });
    if (response.headers.get("Content-Disposition")) return response;
    const { error } = await response.json();
    page.problem(`This cannot be saved: ${error}`);
    return undefined;
  }

  function save(blob, filename) {
    window.pdscope.saveAs(blob, filename);
    page.acted(`Saved as ${filename}`);
  }

  async function saveFile(name) {
    const response = await fetched(name);
    if (!response) return;
    const [, filename] = response.headers.get("Content-Disposition").match(/filename="(.*)"/);
    save(await response.blob(), filename);
  }

  async function saveImage(format) {
    const response = await fetched("chart-figures");
    if (!response) return;
    const { data, layout } = (await response.json())[page.scheme()];
    const scale = format === "png" ? PNG_SCALE : 1;
    const url = await window.Plotly.toImage({ data, layout }, { format, ...IMAGE, scale });
    save(blobOf(url), `pdscope-gantt.${format}`);
  }

  /* Not by fetch, which the page's policy refuses for data. */
  function blobOf(url) {
    const [head, body] = [url.slice(5, url.indexOf(",")), url.slice(url.indexOf(",") + 1)];
    const [type] = head.split(";");
    if (!head.endsWith(";base64")) return new Blob([decodeURIComponent(body)], { type });
    return new Blob([Uint8Array.from(atob(body), (byte) => byte.charCodeAt(0))], { type });
  }

  async function pick(item) {
    const name = item.dataset.file;
    page.problem("");
    page.closeMenu();
    if (!page.good) return page.problem("There is nothing to save yet: no scenario has been run.");
    try {
      const image = name.match(/^chart-(png|svg)$/);
      await (image ? saveImage(image[1]) : saveFile(name));
    } catch (error) {
      page.problem(`This cannot be saved now (${error.message}). Try again in a moment.`);
    }
  }

  document.addEventListener("click", ({ target }) => {
    const item = target.closest?.(`#${page.NAME}-share [data-file]`);
    if (item) pick(item);
  });
})();
