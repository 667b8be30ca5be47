/* Fidelity: asks for pictures and tables of what is chosen, and puts the answer in place. */
(() => {
  const NAME = "fidelity";
  const FIELDS = ["cost_model", "quantities", "gpus", "models", "engines", "by", "against"];
  const FILTERS = ["quantities", "gpus", "models", "engines"];
  const KEEP_MS = 60_000;
  const { no_update } = window.dash_clientside;
  const byId = (part) => document.getElementById(`${NAME}-${part}`);
  const show = (part, props) => window.dash_clientside.set_props(`${NAME}-${part}`, props);
  const say = (text) => {
    if (byId("said")) byId("said").textContent = text;
  };
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
      if (figure) show(part, { figure: told(figure, hovers) });
    }
  }

  async function save() {
    const response = await fetch(`/${NAME}/csv`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...wanted, seq: 0 }),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = `${NAME}-${wanted.cost_model}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), KEEP_MS);
  }

  document.addEventListener("click", ({ target }) => {
    if (target.id === `${NAME}-all`) {
      for (const name of FILTERS) show(name, { value: [] });
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
