/* Scenarios that are pinned to compare with, in a tray; one of them is the baseline. */
(() => {
  const { gantt6d: page, LatestWins, duration, percent, significant } = window.pdscope;
  // Answers to one state; the server tells what it has found within the time for one.
  const MOST_ASKED = 12;
  // As app/share.py has it.
  const MOST = 4;
  const NAMES = "ABCD";
  // As app/gantt6d/pins_layout.py has it.
  const PIN = "Pin this scenario to compare others with it";
  // Each result as its card shows it.
  const TEXTS = {
    ttds: duration,
    tpot: duration,
    ttft: duration,
    bubble: percent,
  };
  const RESULTS = Object.keys(TEXTS);
  // A share of the baseline's; of the bubble, a share of the time. As app/numbers.py has it.
  const LEAST_SHOWN = 5e-5;

  /* Of each pin: its scenario's `values`; what the server said of it: its `name`, its results
     (`cards`, and `ttds` as a text) or why it has none (`wrong`). */
  const pins = {
    list: [],
    base: 0,
    letter: (i) => NAMES[i],
    /* The pin that all is compared with; undefined if there is none that can be run. */
    baseline: () => (pins.list[pins.base]?.cards ? pins.list[pins.base] : undefined),
  };

  const gate = new LatestWins({
    url: "/gantt6d/compare",
    paint: compared,
    away: () => page.say("The server is away; trying again."),
    refused: (reason) => page.say(`The pins cannot be compared (${reason}).`),
  });

  let asked = 0;

  function send() {
    asked += 1;
    gate.rest({ values: page.good, pins: pins.list.map((pin) => pin.values), base: pins.base });
  }

  function ask() {
    asked = 0;
    if (page.good) send();
  }

  function compared(answer) {
    if (!page.byId("pins") || gate.waiting || answer.pins?.length !== pins.list.length) return;
    pins.list = answer.pins;
    changed();
    page.tell("compared", answer);
    if (!answer.complete && asked < MOST_ASKED) send();
  }

  /* The tray and the cards at once; whoever listens to "pins" draws what it has. */
  function changed() {
    showTray();
    showChanges(page.shown);
    page.tell("pins");
  }

  const alike = (a, b) =>
    Object.keys(b).every((field) => String(a[field] ?? "") === String(b[field] ?? ""));

  const results = ({ cards }) => Object.fromEntries(RESULTS.map((name) => [name, cards[name][2]]));

  /* What is shown as a pin, before the server has named it. */
  const shownAsPin = () => ({
    values: { ...page.good },
    name: page.shown.title,
    wrong: null,
    ttds: duration(page.shown.cards.ttds[2]),
    cards: results(page.shown),
  });

  function pin() {
    if (!page.shown) return page.problem("There is nothing to pin yet: nothing has been run.");
    const known = pins.list.findIndex(({ values }) => alike(values, page.good));
    if (known >= 0) {
      page.byId("pins").children[known].querySelector(".pin-choose").focus();
      return page.acted(`This is pinned already, as ${NAMES[known]}.`);
    }
    if (pins.list.length === MOST) return page.acted(`${MOST} are pinned; unpin one first.`);
    pins.list = [...pins.list, shownAsPin()];
    page.acted(`Pinned as ${NAMES[pins.list.length - 1]}.`);
    changed();
    ask();
  }

  function unpin(i) {
    pins.list = pins.list.filter((_, other) => other !== i);
    if (pins.base > i || pins.base === pins.list.length) pins.base = Math.max(0, pins.base - 1);
    page.acted(`Unpinned ${NAMES[i]}.`);
    changed();
    (page.byId("pins").querySelectorAll(".pin-remove")[Math.max(0, i - 1)] || page.byId("pin")).focus();
    ask();
  }

  /* The pin becomes the current scenario, and the current one the pin, unless it is one already. */
  function swap(i) {
    const { values } = pins.list[i];
    const known = pins.list.findIndex((other) => page.good && alike(other.values, page.good));
    // What is shown is not what the controls say while that cannot be run.
    const exchanged = page.shown && !page.refused() && known < 0;
    if (exchanged) pins.list = pins.list.map((other, n) => (n === i ? shownAsPin() : other));
    const was = exchanged ? `, and ${NAMES[i]} what was` : "";
    page.acted(`${NAMES[i]} is the current scenario now${was}.`);
    changed();
    page.open(values);
    ask();
  }

  function compareWith(i) {
    pins.base = i;
    changed();
    ask();
  }

  function showTray() {
    const tray = page.byId("pins");
    while (tray.children.length > pins.list.length) tray.lastChild.remove();
    while (tray.children.length < pins.list.length) tray.append(chip(tray.children.length));
    pins.list.forEach((pin, i) => fill(tray.children[i], pin, i));
    showPin();
  }

  /* Why there is nothing to pin now, if so. */
  function whyNot() {
    if (page.refused()) return "What cannot be run, or not yet, cannot be pinned";
    return pins.list.length === MOST ? `${MOST} are pinned; unpin one first` : "";
  }

  function showPin() {
    const button = page.byId("pin");
    const reason = whyNot();
    if (button.title === (reason || PIN)) return;
    button.title = reason || PIN;
    button.disabled = Boolean(reason);
  }

  function chip(i) {
    const root = document.createElement("div");
    root.className = "pin";
    root.setAttribute("role", "listitem");
    root.append(
      button("pin-choose", ""),
      button("pin-swap", "⇄", `Make ${NAMES[i]} the current scenario, and pin the current one`),
      button("pin-remove", "✕", `Unpin ${NAMES[i]}`),
    );
    const [choose, exchange, remove] = root.children;
    choose.append(...["letter", "name", "ttds"].map((part) => span(`pin-${part}`)));
    choose.addEventListener("click", () => compareWith(i));
    exchange.addEventListener("click", () => swap(i));
    remove.addEventListener("click", () => unpin(i));
    return root;
  }

  function button(name, text, label) {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", className: name, textContent: text });
    if (label) {
      made.title = label;
      made.setAttribute("aria-label", label);
    }
    return made;
  }

  function span(name) {
    const made = document.createElement("span");
    made.className = name;
    return made;
  }

  function fill(root, { name, ttds, wrong, pending }, i) {
    const chosen = i === pins.base;
    root.classList.toggle("baseline-pin", chosen);
    root.classList.toggle("wrong-pin", Boolean(wrong) && !pending);
    const [choose] = root.children;
    choose.setAttribute("aria-pressed", String(chosen));
    choose.title = wrong || (chosen ? `The baseline: ${name}` : `Compare with this: ${name}`);
    const texts = [NAMES[i], name, wrong && !pending ? "cannot be run" : ttds || ""];
    texts.forEach((text, n) => {
      choose.children[n].textContent = text;
    });
  }

  /* How a result compares with the baseline's; less is better of all of them. */
  function change(name, value, before) {
    const more = value - before;
    if (!more) return ["=", "the same", "same"];
    const size = Math.abs(name === "bubble" ? more : more / before);
    const readsAlike = TEXTS[name](value) === TEXTS[name](before);
    if (readsAlike || size < LEAST_SHOWN) return ["≈", "the same", "same"];
    const [arrow, sign, kind] = more > 0 ? ["▲", "+", "worse"] : ["▼", "−", "better"];
    // A share changes by points: 2 % of 10 % reads as if it were 12 %.
    if (name === "bubble") return [arrow, `${amount(sign, 100 * Math.abs(more))} points`, kind];
    if (!before) return [arrow, "from nothing", kind];
    return [arrow, `${amount(sign, (100 * Math.abs(more)) / before)} %`, kind];
  }

  /* No more digits than mean something. */
  const amount = (sign, value) => `${sign}${significant(value, value < 1 ? 2 : 3)}`;

  function showChanges(answer) {
    const base = pins.list[pins.base];
    const told = Boolean(base?.cards || (base?.wrong && !base.pending));
    page.byId("page").classList.toggle("compared", told);
    if (!told || !answer) return;
    for (const name of RESULTS) {
      const [line, kind] = changeLine(name, answer.cards[name][2], base);
      const root = page.byId(`card-${name}`).querySelector(".card-change");
      if (root.textContent === line) continue;
      root.dataset.kind = kind;
      root.textContent = line;
    }
  }

  function changeLine(name, value, { cards, wrong }) {
    const letter = NAMES[pins.base];
    if (wrong) return [`${letter} cannot be run`, "same"];
    const [arrow, text, kind] = change(name, value, cards[name]);
    return [`${arrow} ${text} vs ${letter}`, kind];
  }

  page.pins = pins;

  /* What has been done, to screen readers alone: the eye sees it. */
  page.acted = (text) => {
    const line = page.byId("shared");
    if (line) line.textContent = text;
  };

  page.on("begin", () => {
    const { pins: pinned, base } = JSON.parse(page.byId("pins").dataset.pinned);
    pins.list = pinned.map((values) => ({ values, name: "", ttds: "", wrong: null, cards: null }));
    pins.base = base;
    showTray();
  });
  page.on("answer", showChanges);
  for (const event of ["answer", "wrong", "away"]) page.on(event, showPin);
  page.on("settled", () => pins.list.length && ask());

  document.addEventListener("click", ({ target }) => {
    if (target.closest?.(`#${page.NAME}-pin`)) pin();
  });
})();
