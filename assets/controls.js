/* What controls do by themselves, without asking the server: boxes understand numbers as people
   write them, and a slider and the box or select beside it stay in step. */
(() => {
  // As long as it takes to type the next digit: 8 on the way to 8192 is not asked for.
  const PAUSE_MS = 250;
  const MANY_STEPS = 10;
  const GAPS = /[\s']/g; // U+202F is white space, too.
  const THOUSANDS = /^[-+]?[1-9]\d{0,2}(,\d{3})+(?![\d,])/;
  const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
  const timers = new WeakMap();
  const typedIn = new WeakSet();
  // Of sliders, by id.
  const stepOf = new Map();

  /* The number in a text, "" if there is nothing, or the text itself if it is no number. */
  function parse(text) {
    if (typeof text !== "string") return text ?? "";
    let plain = text.replace(GAPS, "");
    if (THOUSANDS.test(plain)) plain = plain.replaceAll(",", "");
    if (plain === "") return "";
    const number = NUMBER.test(plain) ? Number(plain) : NaN;
    return Number.isFinite(number) ? number : text;
  }

  /* A number as a box shows it. */
  function format(value) {
    if (typeof value !== "number") return value;
    const whole = Number.isInteger(value) && Math.abs(value) < 1e15;
    return whole ? window.pdscope.count(value) : String(value);
  }

  const boxOf = (target) => (target.matches?.(".number-box input") ? target : null);

  /* Tells callbacks what is in the box. */
  function report(box, text = box.value) {
    clearTimeout(timers.get(box));
    window.dash_clientside.set_props(box.id, { value: text });
  }

  /* As if it had been typed, so that the next key finds it there. */
  function write(box, text) {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(box, text);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function typed({ target }) {
    const box = boxOf(target);
    if (!box) return;
    typedIn.add(box);
    clearTimeout(timers.get(box));
    if (typeof parse(box.value) !== "number") return;
    timers.set(box, setTimeout(() => report(box), PAUSE_MS));
  }

  /* Whatever it is: what is no number is refused beside the box. */
  function finished({ target }) {
    const box = boxOf(target);
    if (!box || !typedIn.delete(box)) return;
    const value = parse(box.value);
    report(box, typeof value === "number" ? format(value) : box.value);
  }

  function pressed(event) {
    const box = boxOf(event.target);
    if (!box || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") finished(event);
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: MANY_STEPS, PageDown: -MANY_STEPS }[event.key];
    if (!steps) return;
    event.preventDefault();
    const { step, least, most } = box.closest("[data-step]").dataset;
    const value = parse(box.value);
    const from = typeof value === "number" ? value : Number(least);
    // Sums of steps like 0.05 have no more decimals than the step.
    const next = Number((from + steps * Number(step)).toFixed(6));
    write(box, format(Math.min(Number(most), Math.max(Number(least), next))));
    report(box);
  }

  document.addEventListener("input", typed);
  document.addEventListener("focusout", finished);
  document.addEventListener("keydown", pressed);

  /* A thumb says what it stands for, not only where it is. */
  function nameThumb(id, value, facts) {
    const thumb = document.getElementById(id)?.querySelector("[role=slider]");
    const unit = value === 1 ? facts.one : facts.unit;
    const spoken = facts.options ? value : `${format(value)} ${unit}`.trim();
    if (thumb && value !== "") thumb.setAttribute("aria-valuetext", spoken);
  }

  /* Sliders know no Page Up and Page Down by themselves. The thumb says where it is; how large a step
     is, `sync` has heard. */
  function paged(event) {
    const thumb = event.target.closest?.(".control-slider [role=slider]");
    const pages = { PageUp: MANY_STEPS, PageDown: -MANY_STEPS }[event.key];
    if (!thumb || !pages || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const slider = thumb.closest(".control-slider");
    const [now, least, most] = ["now", "min", "max"].map((name) =>
      Number(thumb.getAttribute(`aria-value${name}`)),
    );
    const next = Number((now + pages * (stepOf.get(slider.id) ?? 1)).toFixed(6));
    window.dash_clientside.set_props(slider.id, { value: Math.min(most, Math.max(least, next)) });
  }

  document.addEventListener("keydown", paged);

  window.pdscope = Object.assign(window.pdscope || {}, { controls: { parse, format } });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    controls: {
      sync(sliderValue, boxValue, facts) {
        const { callback_context, no_update } = window.dash_clientside;
        const [trigger] = callback_context.triggered;
        const slider = callback_context.inputs_list[0].id;
        stepOf.set(slider, facts.step);
        const moved = trigger?.prop_id.endsWith("-slider.value");
        const value = facts.options ? boxValue : parse(boxValue);
        const meant = moved ? (facts.options ? facts.options[sliderValue] : sliderValue) : value;
        nameThumb(slider, meant, facts);
        if (!trigger) return [no_update, no_update];
        if (moved) {
          // The page hears of it at once, and not only when the box has been written.
          window.pdscope.controls.slid?.(slider.slice(0, -"-slider".length), meant);
          return [no_update, facts.options ? meant : format(meant)];
        }
        if (facts.options) return [Math.max(0, facts.options.indexOf(meant)), no_update];
        if (typeof meant !== "number") return [no_update, no_update];
        return [
          Math.min(facts.high, Math.max(facts.low, meant)),
          // Set from elsewhere, it is not yet written as numbers are here.
          typeof boxValue === "number" ? format(meant) : no_update,
        ];
      },
    },
  });
})();
