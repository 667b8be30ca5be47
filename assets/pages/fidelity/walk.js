/* Arrow keys walk from point to point of the picture that has the focus, in the order of the axis
   below; each is told as if it were pointed at. */
(() => {
  const FAR = 10; // points, of Page Up and Page Down
  const SAID = { "<br>": ", ", "<b>": "", "</b>": "", "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };
  // The picture one walks in, and the point one has come to among its points. Null while nobody walks.
  let here = null;

  const plotIn = (picture) => picture.querySelector(".js-plotly-plot");
  const tell = (text) => {
    const line = document.getElementById("fidelity-walked");
    if (line) line.textContent = text;
  };

  /* All points from left to right, each by the numbers that Plotly has for it. */
  function pointsOf(plot) {
    return plot.data
      .flatMap(({ mode, x, y, text }, curveNumber) =>
        mode === "markers"
          ? x.map((at, pointNumber) => ({ curveNumber, pointNumber, at, height: y[pointNumber], text: text[pointNumber] }))
          : [],
      )
      .sort((a, b) => a.at - b.at || a.height - b.height);
  }

  const MOVES = {
    ArrowLeft: (n) => n - 1,
    ArrowDown: (n) => n - 1,
    ArrowRight: (n) => n + 1,
    ArrowUp: (n) => n + 1,
    PageDown: (n) => n - FAR,
    PageUp: (n) => n + FAR,
    Home: () => 0,
    End: (n, count) => count - 1,
  };

  function move(picture, key) {
    const plot = plotIn(picture);
    const points = plot ? pointsOf(plot) : [];
    if (!points.length) return;
    const wanted = here?.picture === picture ? MOVES[key](here.n, points.length) : 0;
    const n = Math.min(Math.max(wanted, 0), points.length - 1);
    here = { picture, n };
    const { curveNumber, pointNumber, text } = points[n];
    window.Plotly.Fx.hover(plot, [{ curveNumber, pointNumber }]);
    const plain = text.replace(/<\/?br?>|&(amp|lt|gt|quot|#x27);/g, (part) => SAID[part] ?? "");
    tell(`${n + 1} of ${points.length}: ${plain}`);
  }

  function end() {
    const plot = here && plotIn(here.picture);
    if (plot) window.Plotly.Fx.unhover(plot);
    here = null;
    tell("");
  }

  const pictureOf = ({ target }) => (target.matches?.("[data-points]") ? target : null);
  document.addEventListener("keydown", (event) => {
    const picture = pictureOf(event);
    if (!picture || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return end();
    if (!MOVES[event.key]) return;
    event.preventDefault();
    move(picture, event.key);
  });
  document.addEventListener("focusout", (event) => pictureOf(event) && end());
})();
