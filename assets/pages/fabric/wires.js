/* The wires of the answer that is shown: how busy each channel was when, and in which colour. */
(() => {
  const { fabric: page } = window.pdscope;
  // From what hardly moves to what is full: lighter to darker, or darker to lighter on a dark page, so
  // that they are told apart by brightness alone.
  const RAMPS = {
    light: ["#a9cdee", "#4f93d2", "#3a5fb0", "#6b2d86", "#4c0033"],
    dark: ["#3b62a0", "#4a83cf", "#a07fe0", "#f09ab5", "#ffeeb8"],
  };
  const LEVELS = 256;
  let ramp = [];
  let rampOf = "";
  let rows = new Map();
  let shares = new Uint8Array();

  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

  function makeRamp(scheme) {
    const stops = RAMPS[scheme].map(parts);
    rampOf = scheme;
    ramp = Array.from({ length: LEVELS }, (_, level) => {
      const at = (level / (LEVELS - 1)) * (stops.length - 1);
      const first = Math.min(stops.length - 2, Math.floor(at));
      const mix = stops[first].map((part, i) => Math.round(part + (at - first) * (stops[first + 1][i] - part)));
      return `rgb(${mix.join(" ")})`;
    });
  }

  const wires = {
    /* Of each wire: name, group, the numbers of its ends, latency; the numbers of its one or two
       channels, and their speeds; whether it is an arc, and from when on it does not work [s]. */
    all: [],
    numberOf: new Map(),

    read({ wires: told, down, drawing, use, contended }, before) {
      const bytes = atob(use.shares);
      shares = Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
      rows = new Map(use.channels.map((channel, n) => [channel, use.rows[n] * use.means]));
      wires.all = told.map(([name, group, a, b, latency, channels]) => ({
        name, group, a, b, latency,
        channels: channels.map(([channel]) => channel),
        speeds: channels.map(([, speed]) => speed),
      }));
      for (const [number, at] of down) wires.all[number].downAt = at;
      for (const number of drawing?.arcs || []) wires.all[number].arc = true;
      wires.numberOf = new Map(wires.all.map(({ name }, number) => [name, number]));
      if (!wires.numberOf.has(page.wire)) page.wire = contended[0]?.wire ?? wires.all[0]?.name ?? null;
      // The same part of the run as before; at first that in which most happens.
      const { means } = use;
      page.moment = before
        ? Math.min(means - 1, Math.round((page.moment / before.use.means) * means))
        : busiest(means);
    },

    /* From 0 to 255: how busy a channel was in a part of the run. */
    level: (channel, moment) => (rows.has(channel) ? shares[rows.get(channel) + moment] : 0),

    /* All of them of a channel; null where it is never used. */
    levels(channel) {
      const first = rows.get(channel);
      return first === undefined ? null : shares.subarray(first, first + page.shown.use.means);
    },

    /* Whether a wire does not work at the time that is shown. */
    isDown: ({ downAt }) => downAt !== undefined && page.time() >= downAt,

    chosen: () => wires.all[wires.numberOf.get(page.wire)] || null,

    colour(level) {
      const scheme = page.scheme();
      if (scheme !== rampOf) makeRamp(scheme);
      return ramp[level];
    },

    percent: (level) => (level ? `${Math.max(1, Math.round((100 * level) / 255))} %` : "idle"),

    /* From which end to which a channel of a wire goes. */
    direction({ a, b }, place) {
      const { names } = page.shown;
      return place ? `${names[b]} → ${names[a]}` : `${names[a]} → ${names[b]}`;
    },
  };

  function busiest(means) {
    const wire = wires.chosen();
    const levels = (wire?.channels || []).map(wires.levels).filter(Boolean);
    const sums = Array.from({ length: means }, (_, moment) =>
      levels.reduce((total, channel) => total + channel[moment], 0),
    );
    const most = Math.max(...sums);
    // Where it is so for long, the middle of it.
    const all = sums.flatMap((sum, moment) => (sum === most ? [moment] : []));
    return all[Math.floor(all.length / 2)];
  }

  function showScale() {
    const stops = [0, 0.25, 0.5, 0.75, 1].map((at) => wires.colour(Math.round(at * (LEVELS - 1))));
    page.byId("scale").style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  }

  page.wires = wires;
  page.on("begin", showScale);
  page.on("recolour", showScale);
})();
