/* Keeps a slider and the box or select beside it in step, without asking the server. */
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  controls: {
    sync(sliderValue, boxValue, facts) {
      const { callback_context, no_update } = window.dash_clientside;
      const [trigger] = callback_context.triggered;
      if (!trigger) return [no_update, no_update];
      if (trigger.prop_id.endsWith("-slider.value")) {
        const value = facts.options ? facts.options[sliderValue] : sliderValue;
        return [no_update, value];
      }
      if (facts.options) return [Math.max(0, facts.options.indexOf(boxValue)), no_update];
      if (typeof boxValue !== "number") return [no_update, no_update];
      return [Math.min(facts.high, Math.max(facts.low, boxValue)), no_update];
    },
  },
});
