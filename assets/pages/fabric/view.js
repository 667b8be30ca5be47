/* The part of the drawing that is seen: zoom and pan, and where things are on the canvas. */
(() => {
  const { fabric: page } = window.pdscope;
  const MARGIN = { left: 14, right: 14, top: 22, bottom: 22 };
  const ROW_PX = 50;
  const LEAST_PX = 300;
  const MOST_ZOOM = 16;
  const STEP = 1.4;
  const WHEEL = 0.0022;
  const DRAG_PX = 4;
  let zoom = 1;
  let pan = [0, 0];
  let dragged = null;

  const canvas = () => page.byId("canvas");
  const size = () => ({ width: canvas().clientWidth, height: canvas().clientHeight });

  /* The canvas is as high as the rows need. */
  function fitHeight() {
    const { drawing } = page.shown;
    const rows = drawing ? drawing.height * ROW_PX + MARGIN.top + MARGIN.bottom : LEAST_PX;
    page.byId("stage").style.height = `${Math.max(LEAST_PX, Math.round(rows))}px`;
  }

  function bound() {
    zoom = Math.min(MOST_ZOOM, Math.max(1, zoom));
    const { width, height } = size();
    pan = [width, height].map((side, i) => Math.min(0, Math.max(side * (1 - zoom), pan[i])));
    page.byId("stage").classList.toggle("zoomed", zoom > 1);
  }

  /* From the drawing's lengths to pixels; `unit` is the room of a GPU. */
  function scales() {
    const { drawing } = page.shown;
    const { width, height } = size();
    const across = (width - MARGIN.left - MARGIN.right) / drawing.width;
    const down = (height - MARGIN.top - MARGIN.bottom) / drawing.height;
    return {
      x: (value) => pan[0] + zoom * (MARGIN.left + value * across),
      y: (value) => pan[1] + zoom * (MARGIN.top + value * down),
      unit: across * zoom,
      row: down * zoom,
      zoom,
      width,
      height,
    };
  }

  /* So that what is at a place of the canvas stays there. */
  function zoomAt(factor, [x, y]) {
    const before = zoom;
    zoom *= factor;
    zoom = Math.min(MOST_ZOOM, Math.max(1, zoom));
    pan = [x, y].map((at, i) => at - ((at - pan[i]) * zoom) / before);
    bound();
    page.draw();
  }

  const middle = () => [size().width / 2, size().height / 2];

  function fit() {
    zoom = 1;
    bound();
    page.draw();
  }

  function panBy(x, y) {
    pan = [pan[0] + x, pan[1] + y];
    bound();
    page.draw();
  }

  const onStage = ({ target }) => target.closest?.(`#${page.NAME}-stage`);
  const placeOf = (event) => {
    const at = page.byId("stage").getBoundingClientRect();
    return [event.clientX - at.left, event.clientY - at.top];
  };

  document.addEventListener(
    "wheel",
    (event) => {
      if (!onStage(event) || !page.shown?.drawing || !(event.ctrlKey || event.shiftKey)) return;
      event.preventDefault();
      if (event.ctrlKey) zoomAt(Math.exp(-event.deltaY * WHEEL), placeOf(event));
      else panBy(-event.deltaX - event.deltaY, 0);
    },
    { passive: false },
  );
  document.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && onStage(event) && page.shown) dragged = { at: placeOf(event), far: false };
  });
  document.addEventListener("pointermove", (event) => {
    if (!dragged || zoom === 1 || !page.byId("stage")) return;
    const at = placeOf(event);
    const [x, y] = [at[0] - dragged.at[0], at[1] - dragged.at[1]];
    if (!dragged.far && Math.hypot(x, y) < DRAG_PX) return;
    dragged = { at, far: true };
    panBy(x, y);
  });
  document.addEventListener("pointerup", (event) => {
    const click = dragged && !dragged.far && onStage(event);
    dragged = null;
    if (click) page.tell("clicked", placeOf(event));
  });
  document.addEventListener("pointercancel", () => {
    dragged = null;
  });
  document.addEventListener("click", ({ target }) => {
    if (!page.shown?.drawing || !target.id) return;
    if (target.id === `${page.NAME}-in`) zoomAt(STEP, middle());
    else if (target.id === `${page.NAME}-out`) zoomAt(1 / STEP, middle());
    else if (target.id === `${page.NAME}-fit`) fit();
  });
  page.on("begin", () => {
    zoom = 1;
    pan = [0, 0];
  });

  page.view = { scales, fitHeight, bound, onStage, placeOf, dragging: () => Boolean(dragged?.far) };
})();
