/* Items of one's own: written, opened from files, removed and saved. They are the session's. */
(() => {
  const { catalog: page, session } = window.pdscope;
  const ENDINGS = /\.(toml|json)$/i;
  // What the form is about: the name of the own item that it changes, and the text it began with.
  let instead = null;
  let began = "";
  let depth = 0;

  const editor = () => page.byId("editor");
  const templates = () => JSON.parse(editor().dataset.templates);
  const same = (one, other) => one.kind === other.kind && one.name === other.name;

  /* Adds the item, or says why it cannot be; `before` is what it takes the place of. */
  function keep(item, before = null) {
    const { items: most, bytes } = page.told("bounds");
    const others = session.items().filter(
      (own) => !same(own, item) && !(before && same(own, { kind: item.kind, name: before })),
    );
    const items = [...others, item];
    if (items.length > most) throw new Error(`There are ${most} items of your own at most; remove one.`);
    if (session.bytes(items) > bytes)
      throw new Error(`Your items have ${window.pdscope.size(bytes)} at most; remove or shorten one.`);
    session.save(items);
  }

  async function check(text, kind, file = null, before = null) {
    const told = await page.ask("check", { kind, text, file, instead: before });
    if (told.error) throw new Error(told.error);
    return told.item;
  }

  async function renewed({ kind, name }, said) {
    await page.refresh();
    page.showTable(kind);
    page.problem("");
    page.say(said);
    page.row(kind, name)?.querySelector(".catalog-open").focus({ preventScroll: false });
  }

  /* The form */

  page.edit = ({ kind, text, instead: name = null, wrong = "" }) => {
    instead = name;
    began = text;
    const title = name === null ? "Add" : "Edit";
    const names = JSON.parse(editor().dataset.names);
    page.byId("editor-title").textContent = `${title} a ${names[kind]}`;
    page.byId("editor-kind").value = kind;
    page.byId("editor-kind").disabled = name !== null;
    page.byId("editor-text").value = text;
    page.byId("editor-wrong").textContent = wrong;
    if (!editor().open) editor().showModal();
    page.byId("editor-text").focus();
    page.byId("editor-text").setSelectionRange(0, 0);
  };

  async function save() {
    const [kind, text] = ["editor-kind", "editor-text"].map((part) => page.byId(part).value);
    const button = page.byId("editor-save");
    button.disabled = true;
    try {
      const item = await check(text, kind, null, instead);
      keep(item, instead);
      editor().close();
      await renewed(item, `${item.name} is in the lists of all pages of this tab.`);
    } catch (error) {
      page.byId("editor-wrong").textContent = error.message;
    }
    button.disabled = false;
  }

  /* Another kind starts from another text, unless something has been written. */
  function rekind() {
    const { value } = page.byId("editor-kind");
    const text = page.byId("editor-text");
    const names = JSON.parse(editor().dataset.names);
    page.byId("editor-title").textContent = `Add a ${names[value]}`;
    if (text.value !== began) return;
    began = templates()[value];
    text.value = began;
  }

  page.remove = async ({ kind, name }) => {
    session.save(session.items().filter((own) => !same(own, { kind, name })));
    await page.refresh();
    page.say(`${name} is removed.`);
    page.byId(`tab-${kind}`).focus();
  };

  async function discard() {
    session.save([]);
    page.problem("");
    await page.refresh();
    page.say("Your items are removed.");
  }

  /* Files: all of them, or none */

  async function open(files) {
    const before = session.items();
    const { file: most } = page.told("bounds");
    let item = null;
    let at = "";
    try {
      for (const file of files) {
        at = file.name;
        if (!ENDINGS.test(at)) throw new Error(`${at}: is neither TOML nor a config.json.`);
        if (file.size > most)
          throw new Error(
            `${at}: an item has at most ${window.pdscope.size(most)}, and this has ` +
              `${window.pdscope.size(file.size)}.`,
          );
        item = await check(await file.text(), "any", at);
        if (session.items().some((own) => same(own, item)))
          throw new Error(`${at}: ${item.name} is an item of yours already; remove that first.`);
        keep(item);
      }
    } catch (error) {
      session.save(before);
      const none = files.length > 1 ? ` None of the ${files.length} files is used.` : "";
      page.problem(`${error.message}${none}`);
      return;
    }
    const what = files.length > 1 ? `${files.length} items are` : `${item.name} is`;
    await renewed(item, `${what} in the lists of all pages of this tab.`);
  }

  function choose() {
    const input = document.createElement("input");
    Object.assign(input, { type: "file", accept: ".toml,.json", multiple: true });
    input.addEventListener("change", () => open([...input.files]));
    input.click();
  }

  function saveBlob(name, blob) {
    window.pdscope.saveAs(blob, name);
    page.say(`Saved as ${name}.`);
  }

  page.saveText = (name, text) => saveBlob(name, new Blob([text], { type: "application/toml" }));

  async function saveAll() {
    try {
      saveBlob("pdscope-catalog.zip", await page.ask("zip"));
    } catch (error) {
      page.away(error);
    }
  }

  document.addEventListener("click", ({ target }) => {
    if (!page.byId("page")) return;
    const parts = {
      add: addNew,
      open: choose,
      zip: saveAll,
      discard,
      "editor-save": save,
      "editor-close": () => editor().close(),
    };
    if (target.id?.startsWith(page.NAME)) parts[target.id.slice(page.NAME.length + 1)]?.();
  });
  document.addEventListener("change", ({ target }) => {
    if (target.id === `${page.NAME}-editor-kind`) rekind();
  });

  function addNew() {
    const kind = page.shown();
    page.edit({ kind, text: templates()[kind] });
  }

  /* Dropped on the page. Each element that is entered is left again. */

  const target = () => page.byId("drop");
  const holdsFiles = (event) => target() && [...(event.dataTransfer?.types || [])].includes("Files");

  document.addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    depth += 1;
    target().hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth -= 1;
    target().hidden = depth <= 0;
  });
  document.addEventListener("dragover", (event) => {
    if (holdsFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    target().hidden = true;
    open([...event.dataTransfer.files]);
  });
})();
