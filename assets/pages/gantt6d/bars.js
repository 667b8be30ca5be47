/* Bars on a canvas: what app/figures/strip.py sends, drawn and found again under the pointer. */
(() => {
  const ARRAYS = { u1: Uint8Array, u2: Uint16Array, i2: Int16Array, f4: Float32Array };
  const SINGLE = 127;
  const CRITICAL = 128;
  // An event's bar at least this wide leaves a gap to the next, so that chunks can be counted.
  const GAP_FROM_PX = 4;
  const GAP_PX = 1;
  const NARROWEST_PX = 1;
  // A merged bar is as opaque as its lane is busy, but never invisible.
  const FAINTEST = 0.4;
  const LANE_FILL = 0.94;
  // What is not on the critical path, while that is shown.
  const ASIDE = 0.4;
  const REACH_PX = 3;
  // Of each kind, in the order of app/figures/palette.py: 0 prefill, 1 decode, 2 neither.
  const POOLS = [0, 0, 0, 1, 1, 0, 1, 2];

  function decoded({ bdata, dtype }) {
    const text = atob(bdata);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
    return new ARRAYS[dtype](bytes.buffer);
  }

  window.pdscope.Bars = class Bars {
    constructor({ bars, lanes, window: [low, high] }) {
      this.low = low;
      this.span = high - low;
      this.start = decoded(bars.start);
      this.length = decoded(bars.length);
      this.state = decoded(bars.state);
      this.middle = decoded(lanes.middle);
      this.kind = decoded(lanes.kind);
      this.stage = decoded(lanes.stage);
      // Where no stage is open, no lane is of one rank.
      this.rank = lanes.rank ? decoded(lanes.rank) : null;
      this.heights = lanes.heights;
      // Where each lane's bars begin, and where the last one's end.
      this.offsets = [0];
      for (const count of decoded(bars.per_lane)) this.offsets.push(this.offsets.at(-1) + count);
    }

    get size() {
      return this.start.length;
    }

    from(i) {
      return this.low + this.start[i] * this.span;
    }

    to(i) {
      return this.low + (this.start[i] + this.length[i]) * this.span;
    }

    single(i) {
      return (this.state[i] & SINGLE) === SINGLE;
    }

    critical(i) {
      return this.state[i] >= CRITICAL;
    }

    /* How busy a merged bar is, from 0 to 1. */
    share(i) {
      return (this.state[i] & SINGLE) / (SINGLE - 1);
    }

    /* `x` of a time in seconds and `y` of a position among the lanes give pixels; `area` is what
       may be drawn on: left, top, width, height. */
    draw(context, { x, y, area, colours, emphasis }) {
      context.save();
      context.beginPath();
      context.rect(area.left, area.top, area.width, area.height);
      context.clip();
      const perSecond = x(1) - x(0);
      const origin = x(this.low);
      const scale = perSecond * this.span;
      const right = area.left + area.width;
      const path = [];
      for (let lane = 0; lane < this.middle.length; lane += 1) {
        const [first, end] = [this.offsets[lane], this.offsets[lane + 1]];
        if (first === end) continue;
        const tall = (this.heights[this.kind[lane]] * LANE_FILL) / 2;
        const top = y(this.middle[lane] - tall);
        const height = Math.max(1, y(this.middle[lane] + tall) - top);
        if (top > area.top + area.height || top + height < area.top) continue;
        context.fillStyle = colours.kinds[this.kind[lane]];
        for (let i = first; i < end; i += 1) {
          const left = origin + this.start[i] * scale;
          let width = this.length[i] * scale;
          if (left > right || left + width < area.left) continue;
          const single = this.single(i);
          if (single && width >= GAP_FROM_PX) width -= GAP_PX;
          width = Math.max(width, NARROWEST_PX);
          const solid = single ? 1 : FAINTEST + (1 - FAINTEST) * this.share(i);
          const critical = this.critical(i);
          context.globalAlpha = emphasis && !critical ? ASIDE * solid : solid;
          context.fillRect(left, top, width, height);
          if (emphasis && critical) path.push([left, top, width, height]);
        }
      }
      context.globalAlpha = 1;
      if (emphasis) drawPath(context, path, colours.mark);
      context.restore();
    }

    /* The bar at `time` and `position`, or -1; `reach` is how near in seconds is near enough. */
    at(time, position, reach) {
      let best = -1;
      let nearest = reach;
      for (let lane = 0; lane < this.middle.length; lane += 1) {
        if (Math.abs(position - this.middle[lane]) > this.heights[this.kind[lane]] / 2) continue;
        for (let i = this.offsets[lane]; i < this.offsets[lane + 1]; i += 1) {
          const away = Math.max(this.from(i) - time, time - this.to(i), 0);
          if (away < nearest || (away === 0 && nearest === 0)) {
            best = i;
            nearest = away;
          }
        }
      }
      return best;
    }

    laneOf(i) {
      let lane = 0;
      while (this.offsets[lane + 1] <= i) lane += 1;
      return lane;
    }
  };

  /* The bars that were waited for, and how one led to the next. */
  function drawPath(context, bars, colour) {
    if (!bars.length) return;
    bars.sort((a, b) => a[0] - b[0]);
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    let before = null;
    for (const [left, top, width, height] of bars) {
      if (before) {
        const down = top > before.top;
        context.moveTo(left, down ? before.top + before.height : before.top);
        context.lineTo(left, down ? top : top + height);
      }
      before = { top, height };
      // Below this a border would hide what is inside.
      if (width > 5 && height > 5) context.rect(left + 0.5, top + 0.5, width - 1, height - 1);
      else {
        context.moveTo(left, top + height - 0.5);
        context.lineTo(left + width, top + height - 0.5);
      }
    }
    context.stroke();
  }

  Object.assign(window.pdscope.Bars, { REACH_PX, POOLS });
})();
