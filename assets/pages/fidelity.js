/* Fidelity: asks for pictures and tables of what is chosen, and puts the answer in place. */
(() => {
  const NAME = "fidelity";
  const FIELDS = ["cost_model", "quantities", "gpus", "models", "engines", "by", "against"];
  const FILTERS = ["quantities", "gpus", "models", "engines"];
  const { no_update } = window.dash_clientside;
  const page = window.pdscope.newPage(NAME);
  const { byId, say } = page;
  let wanted = null; // the newest request

  const gate = new window.pdscope.LatestWins({
    url: `/${NAME}/picture`,
    paint,
    away() {
      byId("page")?.classList.add("waiting");
      say("The server is away; trying again.");
    },
    refused: (reason) => say(`The server refuses this (${reason}). Reload the page.`),
  });

  function paint(answer) {
    const root = byId("page");
    // The user may have left the page meanwhile.
    if (!root) return;
    root.classList.remove("waiting");
    say(answer.wrong || answer.said);
    if (!answer.wrong) fill(answer);
    // For whoever waits for a picture: tests.
    root.dataset.seq = answer.seq;
  }

  /* Texts come once for both pictures, which have their places. */
  const told = ({ data, layout }, hovers) => ({
    data: data.map((trace) => (trace.text ? { ...trace, text: trace.text.map((n) => hovers[n]) } : trace)),
    layout,
  });

  function fill({ figures, hovers, errors = "", far = "", nothing = "" }) {
    const empty = byId("nothing");
    empty.hidden = !nothing;
    // Made by app/still.py, which escapes all texts in it.
    empty.innerHTML = nothing;
    byId("errors").innerHTML = errors;
    byId("far").innerHTML = far;
    for (const part of ["scatter", "residuals"]) {
      const figure = figures?.[part];
      byId(`${part}-picture`).hidden = !figure;
      if (figure) page.setProps(part, { figure: told(figure, hovers) });
    }
  }

  async function save() {
    const response = await page.post("csv", { ...wanted, seq: 0 });
    window.pdscope.saveAs(await response.blob(), `${NAME}-${wanted.cost_model}.csv`);
  }

  document.addEventListener("click", ({ target }) => {
    if (target.id === `${NAME}-all`) {
      for (const name of FILTERS) page.setProps(name, { value: [] });
    } else if (target.id === `${NAME}-csv` && wanted) {
      save().catch((error) => say(`No file: ${error.message}. Try again.`));
    }
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    [NAME]: {
      offer(...values) {
        const scheme = values.pop() || "light";
        const chosen = Object.fromEntries(FIELDS.map((name, n) => [name, values[n]]));
        for (const name of FILTERS) chosen[name] ??= [];
        wanted = { ...chosen, scheme };
        gate.rest(wanted);
        return no_update;
      },
    },
  });
})();
