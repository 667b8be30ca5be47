/* The scenario and its pins are the address, which the "Share" menu copies. */
(() => {
  const { gantt6d: page } = window.pdscope;
  const COPIED_MS = 2000;
  const PATH = "/";

  // Of the address: what the controls say, be it wrong, and the pins.
  let scenario = "";
  let pins = [];

  const partsOf = (query) => query.split("&").filter(Boolean);
  const isOfPins = (part) => /^(pin|base)=/.test(part);

  function show() {
    const { pathname, search: before, hash } = window.location;
    // The user may be on the way to another page.
    if (pathname !== PATH) return;
    const query = pins.length ? [scenario || window.pdscope.BARE, ...pins].join("&") : scenario;
    const search = query ? `?${query}` : "";
    // A link that says no more than the version stays as it is.
    if (search !== before && (query || !/^\?v=\d+$/.test(before))) {
      window.history.replaceState(window.history.state, "", pathname + search + hash);
    }
    window.pdscope.carry(query);
    page.byId("fabric").href = `/fabric?${query || window.pdscope.BARE}`;
  }

  function begin() {
    pins = partsOf(window.location.search.slice(1)).filter(isOfPins);
    window.pdscope.carry(window.location.search.slice(1));
  }

  function shown({ coarse, query, title }) {
    // What cannot be run is asked for in full, too, once the controls rest.
    if (coarse) return;
    document.title = title ? `${title} · pdscope` : "Cannot be run · pdscope";
    scenario = query;
    show();
  }

  function compared({ query }) {
    pins = partsOf(query).filter(isOfPins);
    show();
  }

  async function copy() {
    const text = window.location.href;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Only pages of this machine, or behind TLS, have a clipboard.
      if (!copyBySelection(text)) return page.problem(`The link cannot be copied here: ${text}`);
    }
    const button = page.byId("copy");
    button.textContent = "Copied";
    page.acted("Copied");
    setTimeout(() => {
      button.textContent = "Copy link";
    }, COPIED_MS);
  }

  function copyBySelection(text) {
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    const copied = document.execCommand("copy");
    box.remove();
    return copied;
  }

  /* What went wrong with a file or a link, until it is dismissed. */
  page.problem = (text) => {
    const root = page.byId("problem");
    if (!root) return;
    page.byId("problem-text").textContent = text;
    root.hidden = !text;
    if (text) root.scrollIntoView({ block: "nearest" });
  };

  const menu = () => page.byId("share");
  const items = () => [...menu().querySelectorAll(".menu-item")];

  /* The focus goes where it came from. */
  page.closeMenu = () => {
    menu().open = false;
    menu().querySelector("summary").focus();
  };

  function step(event) {
    const places = items();
    const at = places.indexOf(document.activeElement);
    switch (event.key) {
      case "ArrowDown": places[(at + 1) % places.length].focus(); break;
      case "ArrowUp": places[(at <= 0 ? places.length : at) - 1].focus(); break;
      case "Home": places[0].focus(); break;
      case "End": places.at(-1).focus(); break;
      case "Escape": page.closeMenu(); break;
      default: return;
    }
    event.preventDefault();
  }

  document.addEventListener("keydown", (event) => {
    if (menu()?.open && event.target.closest(`#${menu().id}`)) step(event);
  });
  document.addEventListener("click", ({ target }) => {
    if (!target.closest) return;
    const close = target.closest(".notice-close");
    if (close) close.parentElement.hidden = true;
    if (!menu()) return;
    if (menu().open && !target.closest(`#${menu().id}`)) menu().open = false;
    if (target.closest(`#${page.NAME}-copy`)) copy();
  });

  page.on("begin", begin);
  page.on("settled", shown);
  page.on("wrong", shown);
  page.on("compared", compared);
})();
