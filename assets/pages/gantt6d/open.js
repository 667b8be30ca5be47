/* A scenario file is opened by dropping it on the page, or by a button. */
(() => {
  const { gantt6d: page } = window.pdscope;
  // A body of 64 KiB is the most that the server takes, and quotes and line ends need two bytes.
  const MOST_BYTES = 48 * 1024;
  const MOST_BODY = 64 * 1024;
  const LONGEST_NAME = 60;
  let depth = 0;

  const short = (name) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name);

  async function open(files) {
    if (files.length !== 1) return page.problem("Open one scenario file at a time.");
    const [file] = files;
    const name = short(file.name);
    if (file.size > MOST_BYTES) {
      const most = window.pdscope.size(MOST_BYTES);
      return page.problem(`${name}: a scenario file has at most ${most}, and this has ${window.pdscope.size(file.size)}.`);
    }
    try {
      const answer = await read(await file.text());
      if (answer.error) return page.problem(`${name}: ${answer.error}`);
      page.problem("");
      page.acted(`Opened ${name}`);
      page.open(answer.values);
    } catch (error) {
      page.problem(`${name} cannot be opened now (${error.message}). Try again in a moment.`);
    }
  }

  async function read(text) {
    const body = { text };
    if (new Blob([JSON.stringify(body)]).size > MOST_BODY)
      return { error: "this is more than a scenario file holds" };
    const response = await page.post("open", body);
    return response.json();
  }

  function choose() {
    const input = document.createElement("input");
    Object.assign(input, { type: "file", accept: ".json,.yaml,.yml" });
    input.addEventListener("change", () => open(input.files));
    input.click();
  }

  const target = () => page.byId("drop");
  const holdsFiles = (event) => target() && [...(event.dataTransfer?.types || [])].includes("Files");

  function over(on) {
    if (!on) depth = 0;
    if (target()) target().hidden = !on;
  }

  // Each element that is entered is left again; the page is left when none is entered any more.
  document.addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    depth += 1;
    over(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth -= 1;
    if (depth <= 0) over(false);
  });
  document.addEventListener("dragover", (event) => {
    if (holdsFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    over(false);
    open([...event.dataTransfer.files]);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.(`#${page.NAME}-open`)) choose();
  });
})();
