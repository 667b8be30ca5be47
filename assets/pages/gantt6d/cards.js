/* Cards and memory meters. */
(() => {
  const { gantt6d: page } = window.pdscope;

  function showCards({ cards, bands, also }) {
    for (const [name, [number, unit, raw]] of Object.entries(cards)) {
      const card = page.byId(`card-${name}`);
      card.dataset.value = raw;
      card.querySelector(".card-number").textContent = number;
      card.querySelector(".card-unit").textContent = unit;
      const band = card.querySelector(".card-band");
      const text = bands[name]?.[0] ?? "";
      // It hardly ever changes while one drags.
      if (band.textContent !== text) band.textContent = text;
      const beside = card.querySelector(".card-also");
      if (beside) beside.textContent = also[name];
    }
  }

  function showMeters({ meters }) {
    if (!meters) return;
    page.byId("meters").classList.toggle("with-excess", meters.some((meter) => meter.excess > 0));
    for (const meter of meters) {
      const root = page.byId("meters").querySelector(`[data-pool="${meter.pool}"]`);
      root.classList.toggle("over", !meter.fits);
      root.querySelector(".meter-text").textContent = meter.text;
      root.querySelector(".meter-weights").style.width = `${meter.weights}%`;
      root.querySelector(".meter-kv").style.width = `${meter.kv}%`;
      root.querySelector(".meter-excess").style.width = `${meter.excess}%`;
      root.querySelector(".meter-limit").style.left = `${meter.limit}%`;
      const over = root.querySelector(".meter-over");
      over.style.left = `${meter.limit}%`;
      over.style.width = `${meter.over}%`;
      const bar = root.querySelector(".meter-bar");
      const spoken = `${meter.pool} pool, ${meter.gpu}: ${meter.text}; ${meter.detail}`;
      bar.title = spoken;
      bar.setAttribute("aria-label", spoken);
    }
  }

  page.on("answer", showCards);
  page.on("answer", showMeters);
  page.on("wrong", showMeters);
})();
