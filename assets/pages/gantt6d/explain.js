/* Asks the server why, once the controls rest, and says what bounds the configuration.

   The server answers with what it knows after a slice of time, and is asked again until it knows
   all; one request at a time, and none of a state that is no longer shown. */
(() => {
  const { gantt6d: page } = window.pdscope;
  // Of one state. Slices are a quarter of a second: the server itself gives up before.
  const MOST_ASKED = 40;

  // Of which values the page tells, or is to tell, and what it knows of them.
  let wanted = null;
  let asking = null;
  let complete = false;
  // The answer that the controls rest at, while somebody may only be pausing in a drag.
  let resting = null;
  let pressed = false;

  page.explained = null;

  function abandon() {
    asking?.abort();
    asking = null;
    resting = null;
  }

  function outdated(on) {
    for (const name of ["steps", "explain"]) page.byId(name)?.classList.toggle("outdated", on);
  }

  /* What is known is of other values from here on. */
  function changed({ values }) {
    const key = JSON.stringify(values);
    if (key === wanted) return;
    abandon();
    wanted = key;
    complete = false;
    outdated(true);
  }

  async function study({ values, said }) {
    const mine = (asking = new AbortController());
    const line = page.byId("said");
    let announced = false;
    // Several processes answer, and each knows what it tried itself.
    let rows = {};
    const announce = (text) => {
      if (!announced) page.announce(text);
      announced = true;
    };
    try {
      for (let n = 1; asking === mine; n += 1) {
        const told = await (await page.post("explain", { values }, mine.signal)).json();
        // The user may have moved on, or left the page.
        if (asking !== mine || !line.isConnected) return;
        if (told.wrong) throw new Error(told.wrong);
        complete = told.complete || n === MOST_ASKED;
        rows = { ...rows, ...told.rows };
        page.explained = { ...told, rows, complete };
        outdated(false);
        page.tell("explained", page.explained);
        if (told.bounded) announce(`${told.bound} ${said}`);
        if (complete) break;
      }
    } catch (error) {
      if (asking !== mine) return;
      page.tell("unexplained", error.message);
    }
    announce(said);
    asking = null;
  }

  function settled(answer) {
    if (asking || complete) return;
    if (pressed) resting = answer;
    else study(answer);
  }

  function released() {
    pressed = false;
    if (resting) study(resting);
    resting = null;
  }

  function showBound({ bound, remedy }) {
    page.byId("bound").textContent = bound;
    const button = page.byId("remedy");
    button.textContent = remedy ? `Try ${remedy.label}` : "";
    button.dataset.field = remedy?.field || "";
  }

  document.addEventListener("pointerdown", ({ button }) => {
    // Of the others one may never hear that they are up.
    pressed = button === 0;
  });
  document.addEventListener("pointerup", released);
  document.addEventListener("pointercancel", released);
  document.addEventListener("click", (event) => {
    if (event.target.id !== `${page.NAME}-remedy` || !page.explained?.remedy) return;
    const { field, value } = page.explained.remedy;
    page.setProps(field, { value });
  });

  page.on("begin", () => {
    abandon();
    wanted = null;
    complete = false;
    page.explained = null;
  });
  page.on("answer", changed);
  page.on("settled", settled);
  page.on("wrong", () => {
    abandon();
    wanted = null;
    complete = false;
    outdated(true);
  });
  page.on("explained", showBound);
})();
