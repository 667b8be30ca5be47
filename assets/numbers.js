/* Numbers as screens show them; app/numbers.py has the same rules. */
(() => {
  const DURATIONS = [[1e-3, "µs", 1e6], [1, "ms", 1e3], [Infinity, "s", 1]];
  const SIZES = [[1e3, "B", 1], [1e6, "kB", 1e-3], [1e9, "MB", 1e-6], [Infinity, "GB", 1e-9]];
  const THIN_SPACE = "\u202f";

  function significant(value, digits = 3) {
    if (!value || !Number.isFinite(value)) return String(value);
    const magnitude = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))));
    const decimals = Math.max(0, digits - 1 - magnitude);
    return value
      .toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
      .replaceAll(",", THIN_SPACE);
  }

  function inUnits(value, units) {
    const [, unit, factor] = units.find(([below]) => Math.abs(value) < below);
    return `${significant(value * factor)} ${unit}`;
  }

  window.pdscope = Object.assign(window.pdscope || {}, {
    significant,
    count: (number) => number.toLocaleString("en-US").replaceAll(",", THIN_SPACE),
    /* Of seconds, of bytes. */
    duration: (seconds) => inUnits(seconds, DURATIONS),
    size: (bytes) => inUnits(bytes, SIZES),
  });
})();
