/* The time that is shown: a slider, and a button that plays the run. */
(() => {
  const { fabric: page, duration } = window.pdscope;
  // The whole run at normal speed [ms]; where nothing is to move, that many steps of a second instead.
  const RUN_MS = 15_000;
  const STILL_STEPS = 20;
  const STILL_MS = 1000;
  const MANY = 0.1;
  let playing = null;
  // Where in the run one is while it plays, which moves by less than a part of it.
  let exact = 0;

  const slider = () => page.byId("time").firstElementChild;
  const reduced = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function make() {
    const input = document.createElement("input");
    Object.assign(input, { type: "range", min: 0, max: 1, step: 1, value: 0, id: `${page.NAME}-slider` });
    input.setAttribute("aria-label", "Time of the run");
    input.addEventListener("input", () => {
      pause();
      page.showMoment(Number(input.value));
    });
    page.byId("time").replaceChildren(input);
  }

  function show() {
    const { use, end_s: end } = page.shown;
    const input = slider();
    input.max = use.means - 1;
    input.value = page.moment;
    const text = `${duration(page.time())} of ${duration(end)}`;
    input.setAttribute("aria-valuetext", text);
    page.byId("moment").textContent = text;
  }

  function pause() {
    if (!playing) return;
    playing.stop();
    playing = null;
    page.byId("play").textContent = "Play";
    page.byId("page").dataset.playing = "no";
    page.tell("paused");
  }

  function advance(share) {
    const { means } = page.shown.use;
    exact += share * means;
    page.showMoment(exact);
    if (exact >= means - 1) pause();
  }

  function play() {
    if (!page.shown) return;
    const { means } = page.shown.use;
    exact = page.moment >= means - 1 ? 0 : page.moment;
    page.showMoment(exact);
    page.byId("play").textContent = "Pause";
    page.byId("page").dataset.playing = "yes";
    playing = reduced() ? stepwise() : smoothly();
  }

  function smoothly() {
    let before = performance.now();
    let frame = 0;
    const step = (now) => {
      if (!page.byId("play")) return pauseQuietly();
      const share = ((now - before) / RUN_MS) * Number(page.byId("speed").value);
      before = now;
      frame = requestAnimationFrame(step);
      advance(Math.max(0, share));
    };
    frame = requestAnimationFrame(step);
    return { stop: () => cancelAnimationFrame(frame) };
  }

  function stepwise() {
    const timer = setInterval(
      () => (page.byId("play") ? advance(1 / STILL_STEPS) : pauseQuietly()),
      STILL_MS,
    );
    return { stop: () => clearInterval(timer) };
  }

  /* The page has been left. */
  function pauseQuietly() {
    playing?.stop();
    playing = null;
  }

  document.addEventListener("click", ({ target }) => {
    if (target.id !== `${page.NAME}-play`) return;
    if (playing) pause();
    else play();
  });
  // Ten parts of a hundred, as other sliders do; the browser's own step is larger the longer it is.
  document.addEventListener("keydown", (event) => {
    if (event.target.id !== `${page.NAME}-slider` || !page.shown) return;
    const pages = { PageUp: MANY, PageDown: -MANY }[event.key];
    if (!pages || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    pause();
    page.showMoment(page.moment + pages * page.shown.use.means);
  });
  page.on("begin", () => {
    pauseQuietly();
    make();
  });
  page.on("answer", show);
  page.on("moment", show);
  page.on("wrong", pause);
  page.clock = { pause, playing: () => Boolean(playing) };
})();
