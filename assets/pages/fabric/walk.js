/* What is under the pointer, and keys that walk from wire to wire. */
(() => {
  const { fabric: page } = window.pdscope;
  const REACH_PX = 7;
  const FINGER_PX = 14;
  const BESIDE_PX = 14;

  function tell(at, texts) {
    const tip = page.byId("tip");
    tip.replaceChildren(...texts.map((text) => Object.assign(document.createElement("div"), { textContent: text })));
    tip.classList.add("shown");
    const room = page.byId("stage");
    const fits = at[0] + BESIDE_PX + tip.offsetWidth < room.clientWidth;
    tip.style.left = `${Math.max(0, fits ? at[0] + BESIDE_PX : at[0] - BESIDE_PX - tip.offsetWidth)}px`;
    tip.style.top = `${Math.max(0, Math.min(at[1] + 8, room.clientHeight - tip.offsetHeight))}px`;
  }

  const hide = () => page.byId("tip")?.classList.remove("shown");

  /* A wire's directions, each with how busy it is now. */
  function busyOf(wire) {
    if (page.wires.isDown(wire)) return ["down"];
    return wire.channels.map((channel, place) => {
      const way = wire.channels.length > 1 ? page.wires.direction(wire, place) : "both directions";
      return `${way}: ${page.wires.percent(page.wires.level(channel, page.moment))}`;
    });
  }

  function hover(event) {
    if (!page.shown?.drawing || event.pointerType === "touch") return;
    if (!page.view.onStage(event) || page.view.dragging()) return hide();
    const at = page.view.placeOf(event);
    const node = page.drawing.nodeAt(at);
    const found = node < 0 ? page.drawing.wireAt(at, REACH_PX) : -1;
    page.byId("stage").classList.toggle("pointing", found >= 0);
    if (node >= 0) {
      const { names, drawing } = page.shown;
      const [, , , label] = drawing.nodes[node];
      tell(at, names[node] === undefined || label === names[node] ? [label] : [names[node], label]);
    } else if (found >= 0) {
      const wire = page.wires.all[found];
      tell(at, [wire.name, wire.speeds[0], ...busyOf(wire)]);
    } else hide();
  }

  function clicked(at) {
    const found = page.drawing.wireAt(at, FINGER_PX);
    if (found >= 0) page.choose(page.wires.all[found].name);
  }

  /* Left and right through all wires, up and down through those that cost most. */
  function next(key) {
    const names = page.wires.all.map(({ name }) => name);
    const costly = [...new Set(page.shown.contended.map(({ wire }) => wire))];
    const [list, step] = { ArrowRight: [names, 1], ArrowLeft: [names, -1], ArrowDown: [costly, 1], ArrowUp: [costly, -1] }[key];
    const at = list.indexOf(page.wire);
    return list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
  }

  function walk(event) {
    if (event.target.id !== `${page.NAME}-stage` || !page.shown?.drawing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || !/^Arrow/.test(event.key)) return;
    event.preventDefault();
    page.choose(next(event.key));
    const wire = page.wires.chosen();
    page.byId("walked").textContent = [wire.name, ...busyOf(wire)].join(", ");
  }

  document.addEventListener("pointermove", hover);
  document.addEventListener("keydown", walk);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  page.on("clicked", clicked);
  page.on("answer", hide);
})();
