/* Numbers as screens show them; app/numbers.py and
   simcore/explain/numbers.py have the same rules, to the last digit. */
(() => {
  const DURATIONS = [[1e-3, "µs", 1e6], [1, "ms", 1e3], [Infinity, "s", 1]];
  const SIZES = [[1e3, "B", 1], [1e6, "kB", 1e-3], [1e9, "MB", 1e-6], [Infinity, "GB", 1e-9]];
  const THIN_SPACE = "\u202f";

  /* Rounded as it is shown, by which a unit is chosen: 9.9996 is 10.0. */
  const asShown = (value, digits = 3) => Math.abs(Number(value.toPrecision(digits)));

  function significant(value, digits = 3) {
    if (!value || !Number.isFinite(value)) return String(value);
    const magnitude = Math.floor(Math.log10(asShown(value, digits)));
    // Of the double itself, which toLocaleString takes for the nearest short decimal.
    const text = value.toFixed(Math.max(0, digits - 1 - magnitude));
    return text.includes(".") ? text : text.replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
  }

  function percent(share) {
    if (!share) return "0 %";
    const text = (100 * share).toFixed(1);
    return text === "0.0" ? "<0.1 %" : `${text} %`;
  }

  function inUnits(value, units) {
    const rounded = asShown(value);
    const [, unit, factor] = units.find(([below]) => rounded < below);
    return `${significant(value * factor)} ${unit}`;
  }

  window.pdscope = Object.assign(window.pdscope || {}, {
    significant,
    percent,
    count: (number) => number.toLocaleString("en-US").replaceAll(",", THIN_SPACE),
    /* Of seconds, of tokens per second, of bytes. */
    duration: (seconds) => inUnits(seconds, DURATIONS),
    rate: (tokensPerS) => `${significant(tokensPerS)} tokens/s`,
    size: (bytes) => inUnits(bytes, SIZES),
  });
})();
