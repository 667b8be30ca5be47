/* Facts of the bar under the pointer, from typed arrays that nobody reads until then. */
(() => {
  const ARRAYS = { i4: Int32Array, f4: Float32Array, f8: Float64Array };
  const TITLES = {
    prefill: "Prefill",
    handoff: "KV handoff",
    activations: "Activations",
    decode: "Decode",
    "decode activations": "Decode activations",
  };
  const DURATIONS = [[1e-3, "µs", 1e6], [10, "ms", 1e3], [Infinity, "s", 1]];
  const SIZES = [[1e3, "B", 1], [1e6, "kB", 1e-3], [1e9, "MB", 1e-6], [Infinity, "GB", 1e-9]];
  const SHOW_RIGHT_OF_PX = 14;

  function at(array, index) {
    if (!array.values) {
      const bytes = Uint8Array.from(atob(array.bdata), (character) => character.charCodeAt(0));
      array.values = new ARRAYS[array.dtype](bytes.buffer);
    }
    return array.values[index];
  }

  function significant(value, digits = 4) {
    if (!value || !Number.isFinite(value)) return String(value);
    const magnitude = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))));
    const decimals = Math.max(0, digits - 1 - magnitude);
    return value.toLocaleString("en-US", {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
  }

  function inUnits(value, units) {
    const [, unit, factor] = units.find(([below]) => value < below);
    return `${significant(value * factor)} ${unit}`;
  }

  function lines(facts, i) {
    const stage = at(facts.stage, i);
    const to = at(facts.to_stage, i);
    const count = at(facts.count, i);
    const start = at(facts.start_s, i);
    const end = at(facts.end_s, i);
    const decode = facts.kind.startsWith("decode");
    const pool = decode ? "D" : "P";
    const target = facts.kind === "handoff" ? "D" : pool;
    const where = to < 0 ? `stage ${pool}${stage}` : `${pool}${stage} → ${target}${to}`;
    const which = `${decode ? "step" : "chunk"} ${at(facts.chunk, i)}`;
    const title = `${TITLES[facts.kind]}, ${where}`;
    const time = `at ${inUnits(start, DURATIONS)} for ${inUnits(end - start, DURATIONS)}`;
    if (count > 1) {
      const share = significant(100 * at(facts.share, i), 3);
      return [title, `${count} events from ${which}`, time, `busy ${share} % of it; zoom in`];
    }
    const size = at(facts.bytes, i);
    return [title, which, time, ...(size > 0 ? [inUnits(size, SIZES)] : [])];
  }

  window.pdscope = Object.assign(window.pdscope || {}, {
    significant,

    /* Shows the facts of bar `i` beside it; `box` is the bar's, within the plot. */
    showTip(tip, stage, facts, i, box) {
      tip.replaceChildren(
        ...lines(facts, i).map((line) => {
          const row = document.createElement("div");
          row.textContent = line;
          return row;
        }),
      );
      tip.dataset.kind = facts.kind;
      tip.classList.add("shown");
      const room = stage.getBoundingClientRect();
      const middle = Math.min(Math.max((box.x0 + box.x1) / 2, 0), room.width);
      const right = middle + SHOW_RIGHT_OF_PX;
      const fits = right + tip.offsetWidth < room.width;
      tip.style.left = `${fits ? right : middle - SHOW_RIGHT_OF_PX - tip.offsetWidth}px`;
      tip.style.top = `${Math.max(0, Math.min(box.y0, room.height - tip.offsetHeight))}px`;
    },

    hideTip(tip) {
      tip.classList.remove("shown");
    },
  });
})();
