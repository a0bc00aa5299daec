"use strict";
// What moves on the page. Reads the JSON island, writes text as text, asks nobody for anything.
(() => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  const kept = (value) => {
    try {
      if (value === undefined) return localStorage.getItem("ptpip-report-theme");
      localStorage.setItem("ptpip-report-theme", value);
    } catch { /* a file of its own may have no storage */ }
    return null;
  };

  // Light and dark

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const redraws = [];
  const redraw = () => redraws.forEach((one) => one());
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const nameTheme = () => { byId("theme-name").textContent = isDark() ? "Dark" : "Light"; };
  const stored = kept();
  if (stored === "dark" || stored === "light") root.dataset.theme = stored;
  byId("theme").hidden = false;
  byId("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    kept(root.dataset.theme);
    nameTheme();
    redraw();
  });
  dark.addEventListener("change", () => { nameTheme(); redraw(); });
  nameTheme();

  // On paper ladders are open, unless they fill a book, and all is light

  const PAPER_LINES = 600;
  let before = null;
  addEventListener("beforeprint", () => {
    if (before) return;
    before = { theme: root.dataset.theme, closed: [...document.querySelectorAll("details:not([open])")] };
    const few = document.querySelectorAll(".rungs li").length <= PAPER_LINES;
    if (few) before.closed.forEach((one) => { if (one.matches(".ladder")) one.open = true; });
    root.dataset.theme = "light";
    redraw();
  });
  addEventListener("afterprint", () => {
    if (!before) return;
    before.closed.forEach((one) => { one.open = false; });
    if (before.theme) root.dataset.theme = before.theme; else delete root.dataset.theme;
    before = null;
    redraw();
  });

  // An address may point into something that is closed or filtered out

  const reveal = () => {
    const place = location.hash.length > 1 ? byId(decodeURIComponent(location.hash.slice(1))) : null;
    if (!place) return;
    for (let one = place; one; one = one.parentElement) {
      if (one.tagName === "DETAILS") one.open = true;
      if (one.hidden && one.classList.contains("finding")) one.hidden = false;
    }
    const ladders = byId("ladders");
    if (place.classList.contains("d3") && ladders.dataset.level < 4) setLevel(4);
    else if (place.classList.contains("d2") && ladders.dataset.level < 3) setLevel(3);
    place.scrollIntoView();
  };

  // Findings

  const filter = byId("finding-filter");
  if (filter) {
    const found = [...document.querySelectorAll(".finding")].map((one) => [one, one.textContent.toLowerCase()]);
    const apply = () => {
      const words = byId("finding-text").value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = new Set([...filter.querySelectorAll("input:checked")].map((one) => one.value));
      let shown = 0;
      for (const [one, text] of found) {
        one.hidden = !(wanted.has(one.dataset.verdict) && words.every((word) => text.includes(word)));
        shown += !one.hidden;
      }
      byId("finding-count").textContent = `${shown} of ${found.length} shown`;
    };
    filter.hidden = false;
    filter.addEventListener("input", apply);
    filter.addEventListener("submit", (event) => event.preventDefault());
    apply();
  }

  // Ladder

  const LEVELS = ["", "requests and what is odd, small", "requests, events and what is odd", "with data and answers", "every message", "every message, large"];
  const setLevel = (level) => {
    level = Math.min(Math.max(level, 1), 5);
    byId("ladders").dataset.level = level;
    byId("ladder-level").textContent = LEVELS[level];
    byId("ladder-out").disabled = level === 1;
    byId("ladder-in").disabled = level === 5;
  };
  if (byId("ladder-tools")) {
    byId("ladder-tools").hidden = false;
    setLevel(3);
    byId("ladder-out").addEventListener("click", () => setLevel(byId("ladders").dataset.level - 1));
    byId("ladder-in").addEventListener("click", () => setLevel(+byId("ladders").dataset.level + 1));
  }
  addEventListener("hashchange", reveal);
  reveal();

  // Timeline

  const island = byId("timeline-data");
  if (!island) return;
  if (typeof DecompressionStream === "undefined") {
    const said = document.createElement("p");
    said.className = "warning";
    said.textContent = "This browser is too old to draw the timeline (it can't inflate data).";
    island.before(said);
    return;
  }
  const data = JSON.parse(island.textContent);
  const canvas = byId("timeline-canvas"), strip = byId("timeline-strip");
  const KINDS = data.kinds, UNKNOWN = data.unknown;
  const PAPER = 720, LEFT = 62, RIGHT = 10, TOP = 22, PLOT = 210, AXIS = 22, STRIP = 46, MOST_LANES = 16, FEW = 4000;
  const KIND_WORDS = { ok: "OK", refused: "answered other than OK", cancelled: "cancelled", unanswered: "never answered", doubtful: "bytes missing, or out of order" };

  const inflated = async (text) => {
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  const DIFFERENCES = new Set(["start", "at", "frame", "id"]);
  const columns = (bytes, layout, count) => {
    const found = {};
    let at = 0;
    for (const [name, width] of layout) {
      const values = new Uint32Array(count);
      for (let plane = 0; plane < width; plane++, at += count)
        for (let row = 0; row < count; row++) values[row] |= bytes[at + row] << (8 * plane);
      if (DIFFERENCES.has(name)) for (let row = 1; row < count; row++) values[row] += values[row - 1];
      found[name] = values;
    }
    return found;
  };

  const seconds = (us) => {
    if (us < 0) return "−" + seconds(-us);
    const three = (value) => (value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0)).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
    if (us === 0) return "0 s";
    if (us < 999.5) return three(us) + " µs";
    if (us < 999500) return three(us / 1e3) + " ms";
    if (us < 59.95e6) return three(us / 1e6) + " s";
    const whole = Math.round(us / 1e6);
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
    return `${Math.floor(whole / 3600)} h ${String(Math.floor(whole / 60) % 60).padStart(2, "0")} min`;
  };
  const moment = (us) => (us < 600e6 ? `${(us / 1e6).toFixed(6)} s` : seconds(us));
  const size = (bytes) => {
    let value = bytes;
    for (const unit of ["B", "kB", "MB", "GB"]) {
      if (value < 999.5 || unit === "GB") return `${unit === "B" ? value : value.toPrecision(3)} ${unit}`;
      value /= 1000;
    }
    return "";
  };
  const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

  let part = null;      // the capture that is shown
  let low = 0, high = 1; // what is shown of it, in µs
  let operation = -1, selected = -1, dragged = null, colours = {}, pending = false, told = 0;
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);

  const prepared = async (one) => {
    if (one.ready) return one;
    const [marks, events] = await Promise.all([inflated(one.marks), inflated(one.events)]);
    Object.assign(one, columns(marks, data.layout.marks, one.count));
    one.ticks = columns(events, data.layout.events, one.event_count);
    one.kind = Uint8Array.from(one.outcome, (outcome) => KINDS.indexOf(data.outcomes[outcome].kind));
    one.log = new Float32Array(one.count);
    one.longestTook = 0;
    let least = Infinity, most = -Infinity;
    for (let row = 0; row < one.count; row++) {
      const took = one.took[row];
      one.log[row] = took === UNKNOWN ? NaN : Math.log10(Math.max(took, 1));
      if (took === UNKNOWN) { one.timeless = true; continue; }
      if (took > one.longestTook) one.longestTook = took;
      if (one.log[row] < least) least = one.log[row];
      if (one.log[row] > most) most = one.log[row];
    }
    one.bottom = Number.isFinite(least) ? Math.floor(least) : 2;
    one.top = Number.isFinite(most) ? Math.max(Math.ceil(most), one.bottom + 1) : 4;
    const lanes = Math.min(one.sessions, MOST_LANES);
    one.lanes = Array.from({ length: lanes }, (_, lane) =>
      lane === MOST_LANES - 1 && one.sessions > MOST_LANES ? `${one.first_session + lane}…` : `${one.first_session + lane}`);
    one.y = Float32Array.from(one.log, (log) => (Number.isNaN(log) ? TOP - 8 : yOf(log, one)));
    one.unit = one.unit_us;
    one.ready = true;
    return one;
  };
  const startOf = (row) => part.start[row] * part.unit;
  const firstFrom = (values, us) => { // the first row that begins at a time or later
    let from = 0, to = values.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (values[middle] * part.unit < us) from = middle + 1; else to = middle;
    }
    return from;
  };

  const readColours = () => {
    const style = getComputedStyle(root);
    for (const name of ["ink", "quiet", "line", "faint", "card", "focus", "event", ...KINDS]) colours[name] = style.getPropertyValue(`--${name}`).trim();
  };
  const sized = (element, height) => {
    const ratio = before ? 2 : devicePixelRatio || 1, width = before ? PAPER : Math.max(element.clientWidth, 200);
    if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
      element.width = Math.round(width * ratio);
      element.height = Math.round(height * ratio);
      element.style.height = `${height}px`;
    }
    const pen = element.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    return [pen, width];
  };
  const laneHeight = () => (part.lanes.length > 8 ? 14 : 22);
  const fullHeight = () => TOP + PLOT + 8 + part.lanes.length * laneHeight() + AXIS;
  const yOf = (log, of = part) => TOP + PLOT - 6 - (PLOT - 12) * (log - of.bottom) / (of.top - of.bottom);
  const laneOf = (session) => (session === data.nowhere ? -1 : Math.min(session, part.lanes.length - 1));
  const laneY = (lane) => TOP + PLOT + 8 + lane * laneHeight();

  const symbol = (pen, kind, x, y, reach) => {
    pen.beginPath();
    if (kind === 0) pen.arc(x, y, reach, 0, 7);
    else if (kind === 1) { pen.moveTo(x - reach, y - reach); pen.lineTo(x + reach, y + reach); pen.moveTo(x + reach, y - reach); pen.lineTo(x - reach, y + reach); }
    else if (kind === 2) { pen.moveTo(x, y - reach - 1); pen.lineTo(x + reach + 1, y); pen.lineTo(x, y + reach + 1); pen.lineTo(x - reach - 1, y); pen.closePath(); }
    else if (kind === 3) pen.rect(x - reach, y - reach, 2 * reach, 2 * reach);
    else { pen.moveTo(x, y - reach - 1); pen.lineTo(x + reach + 1, y + reach); pen.lineTo(x - reach - 1, y + reach); pen.closePath(); }
    if (kind === 1) { pen.lineWidth = 2; pen.stroke(); } else pen.fill();
  };

  const draw = () => {
    pending = false;
    if (!part || !part.ready) return;
    const begun = performance.now();
    const [pen, width] = sized(canvas, fullHeight());
    const inner = width - LEFT - RIGHT, scale = inner / (high - low), height = fullHeight();
    const xOf = (us) => LEFT + (us - low) * scale;
    grid(pen, width, height, xOf);
    const from = firstFrom(part.start, low - part.longestTook), to = firstFrom(part.start, high + 1e-9);
    const { start, took, kind, unit } = part;
    let shown = 0, odd = 0;
    for (let row = from; row < to; row++) {
      if (start[row] * unit + (took[row] === UNKNOWN ? 0 : took[row]) < low || (operation >= 0 && part.operation[row] !== operation)) continue;
      shown++;
      if (kind[row]) odd++;
    }
    pen.save();
    pen.beginPath();
    pen.rect(LEFT, 0, inner, height);
    pen.clip();
    if (shown <= FEW) single(pen, from, to, xOf, width); else dense(pen, from, to, inner);
    events(pen, xOf, inner);
    if (selected >= 0) ring(pen, xOf);
    if (dragged && dragged.canvas) {
      pen.fillStyle = colours.focus;
      pen.globalAlpha = 0.15;
      pen.fillRect(Math.min(dragged.x, dragged.to), 0, Math.abs(dragged.to - dragged.x), height);
      pen.globalAlpha = 1;
    }
    pen.restore();
    drawStrip();
    tell(shown, odd);
    canvas.dataset.view = `${low},${high}`;
    canvas.dataset.shown = shown;
    canvas.dataset.selected = selected;
    canvas.dataset.drawMs = (performance.now() - begun).toFixed(2);
  };

  const grid = (pen, width, height, xOf) => {
    pen.strokeStyle = colours.line;
    pen.fillStyle = colours.quiet;
    pen.lineWidth = 1;
    pen.textAlign = "right";
    for (let decade = part.bottom; decade <= part.top; decade++) {
      const y = Math.round(yOf(decade)) + 0.5;
      pen.beginPath(); pen.moveTo(LEFT, y); pen.lineTo(width - RIGHT, y); pen.stroke();
      pen.fillText(seconds(10 ** decade), LEFT - 6, y);
    }
    if (part.timeless) pen.fillText("no time", LEFT - 6, TOP - 8);
    part.lanes.forEach((name, lane) => {
      const y = laneY(lane);
      pen.fillStyle = colours.faint;
      pen.fillRect(LEFT, y + 1, width - LEFT - RIGHT, laneHeight() - 3);
      pen.fillStyle = colours.quiet;
      pen.fillText(`session ${name}`, LEFT - 6, y + laneHeight() / 2);
    });
    // Times at round steps, as many as there is room for.
    const wanted = (high - low) / Math.max((width - LEFT - RIGHT) / 110, 1);
    const power = 10 ** Math.floor(Math.log10(wanted));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= wanted);
    const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step / 1e6) - 1e-9)));
    pen.textAlign = "center";
    for (let at = Math.ceil(low / step) * step; at <= high; at += step) {
      const x = Math.round(xOf(at)) + 0.5;
      pen.beginPath(); pen.moveTo(x, TOP); pen.lineTo(x, height - AXIS + 4); pen.stroke();
      const text = step >= 60e6 ? seconds(at) : `${(at / 1e6).toFixed(digits)} s`;
      if (x > LEFT + 20 && x < width - 24) pen.fillText(text, x, height - AXIS / 2 + 2);
    }
  };

  // Few marks: each as it is.
  const single = (pen, from, to, xOf, width) => {
    for (let row = from; row < to; row++) {
      if (operation >= 0 && part.operation[row] !== operation) continue;
      const kind = part.kind[row], x = xOf(startOf(row)), took = part.took[row];
      const end = took === UNKNOWN ? x + 2 : xOf(startOf(row) + took);
      if (end < LEFT - 4 || x > width) continue;
      pen.fillStyle = pen.strokeStyle = colours[KINDS[kind]];
      pen.globalAlpha = kind ? 1 : 0.75;
      symbol(pen, kind, x, part.y[row], kind ? 3.5 : 2.5);
      const lane = laneOf(part.session[row]);
      if (lane < 0) continue;
      const high = laneHeight() - 9;
      pen.fillRect(x, laneY(lane) + 3 + (kind ? 0 : 1), Math.max(end - x - 0.5, 1.2), high - (kind ? 0 : 2));
      if (took === UNKNOWN) pen.fillRect(x + 3, laneY(lane) + 4, 1, high - 2);
    }
    pen.globalAlpha = 1;
  };

  // Many marks: how many there are in each small square; what is not OK stands above the rest, and larger.
  const CELL = 2;
  const shade = document.createElement("canvas");
  const dense = (pen, from, to, inner) => {
    const across = Math.ceil(inner / CELL) + 1, up = Math.ceil((TOP + PLOT) / CELL) + 1, lanes = part.lanes.length;
    const squares = new Uint16Array(across * up), worst = new Uint8Array(across * up), bars = new Uint8Array(across * lanes);
    const { start, took, kind, y, session, unit } = part, scale = inner / (high - low) / CELL;
    let most = 1;
    for (let row = from; row < to; row++) {
      if (operation >= 0 && part.operation[row] !== operation) continue;
      const x = (start[row] * unit - low) * scale, column = x | 0;
      if (x >= 0 && column < across) {
        const at = ((y[row] / CELL) | 0) * across + column;
        if (squares[at] < 65535 && ++squares[at] > most) most = squares[at];
        if (kind[row] > worst[at]) worst[at] = kind[row];
      }
      if (session[row] === data.nowhere) continue;
      const lane = Math.min(session[row], lanes - 1) * across;
      const last = Math.min(took[row] === UNKNOWN ? column : (x + took[row] * scale) | 0, across - 1);
      for (let one = Math.max(column, 0); one <= last; one++) if (bars[lane + one] <= kind[row]) bars[lane + one] = kind[row] + 1;
    }
    shade.width = across;
    shade.height = up;
    const brush = shade.getContext("2d"), picture = brush.createImageData(across, up), dots = new Uint32Array(picture.data.buffer);
    const inks = KINDS.map((name) => parseInt(colours[name].slice(1), 16)).map((rgb) => ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16));
    const full = Math.log(1 + most);
    for (let at = 0; at < squares.length; at++)
      if (squares[at] && !worst[at]) dots[at] = inks[0] | (Math.round(80 + 175 * Math.log(1 + squares[at]) / full) << 24);
    for (let at = 0; at < squares.length; at++)
      if (worst[at]) for (const near of [at, at - 1, at + 1, at - across, at + across]) if (near >= 0 && near < dots.length) dots[near] = inks[worst[at]] | (255 << 24);
    brush.putImageData(picture, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(shade, LEFT, 0, across * CELL, up * CELL);
    pen.globalAlpha = 0.8;
    for (let lane = 0; lane < lanes; lane++) {
      for (let column = 0, until; column < across; column = until) {
        const worth = bars[lane * across + column];
        for (until = column + 1; until < across && bars[lane * across + until] === worth; until++);
        if (!worth) continue;
        pen.fillStyle = colours[KINDS[worth - 1]];
        pen.fillRect(LEFT + column * CELL, laneY(lane) + 3, (until - column) * CELL, laneHeight() - 9);
      }
    }
    pen.globalAlpha = 1;
  };

  const events = (pen, xOf, inner) => {
    pen.fillStyle = colours.event;
    const taken = new Set();
    for (let row = firstFrom(part.ticks.at, low), end = firstFrom(part.ticks.at, high); row < end; row++) {
      const lane = laneOf(part.ticks.session[row]), x = Math.round(xOf(part.ticks.at[row] * part.unit));
      if (lane < 0 || taken.has(lane * 100000 + x)) continue;
      taken.add(lane * 100000 + x);
      pen.fillRect(x, laneY(lane) + laneHeight() - 7, 1.5, 6);
    }
  };

  const ring = (pen, xOf) => {
    const x = xOf(startOf(selected)), y = part.y[selected];
    pen.strokeStyle = colours.ink;
    pen.lineWidth = 1.5;
    pen.beginPath(); pen.arc(x, y, 7, 0, 7); pen.stroke();
    const lane = laneOf(part.session[selected]);
    if (lane < 0) return;
    const took = part.took[selected] === UNKNOWN ? 0 : part.took[selected];
    pen.strokeRect(x - 1, laneY(lane) + 1.5, Math.max(xOf(startOf(selected) + took) - x, 1) + 2, laneHeight() - 6);
  };

  const drawStrip = () => {
    const [pen, width] = sized(strip, STRIP);
    const inner = width - LEFT - RIGHT, all = part.density, most = Math.max(...all, 1), step = inner / Math.max(all.length, 1);
    pen.fillStyle = colours.quiet;
    pen.textAlign = "right";
    pen.fillText("all", LEFT - 6, STRIP / 2);
    pen.fillStyle = colours.ok;
    pen.globalAlpha = 0.6;
    all.forEach((count, place) => {
      if (!count) return;
      const tall = Math.max((STRIP - 12) * Math.log(1 + count) / Math.log(1 + most), 2);
      pen.fillRect(LEFT + place * step, STRIP - 5 - tall, Math.max(step, 1), tall);
    });
    const from = LEFT + inner * low / part.duration_us, to = LEFT + inner * high / part.duration_us;
    pen.globalAlpha = 0.14;
    pen.fillStyle = colours.focus;
    pen.fillRect(from, 1, Math.max(to - from, 3), STRIP - 2);
    pen.globalAlpha = 1;
    pen.strokeStyle = colours.focus;
    pen.lineWidth = 1.5;
    pen.strokeRect(from, 1, Math.max(to - from, 3), STRIP - 2);
  };

  const tell = (shown, odd) => {
    clearTimeout(told);
    told = setTimeout(() => {
      const ticks = firstFrom(part.ticks.at, high) - firstFrom(part.ticks.at, low);
      const few = part.count < part.of ? ` of those that are on the page (${part.count.toLocaleString("en")} of ${part.of.toLocaleString("en")})` : "";
      byId("timeline-range").textContent =
        `${moment(low)} to ${moment(high)}, ${seconds(high - low)}: ${counted(shown, "transaction")}${few}, ${odd.toLocaleString("en")} not OK, ${counted(ticks, "event")}`;
    }, 120);
  };

  const words = (row) => {
    const us = part.took[row], sent = part.bytes[row];
    const took = us === UNKNOWN ? "" : ` after ${us === UNKNOWN - 1 ? "more than " : ""}${us ? seconds(us) : "less than 1 µs"}`;
    const bytes = sent ? `, ${sent === UNKNOWN ? "more than " : ""}${size(sent)} of data` : "";
    return `${data.operations[part.operation[row]]} → ${data.outcomes[part.outcome[row]].text}${took}${bytes}, at ${moment(startOf(row))}`;
  };
  // Times of two bytes: see timeline.rounded
  const spent = (name, row) => {
    const number = part[name][row] - 2;
    return number < 0 ? 0 : (10 + number % 90) * 10 ** (Math.floor(number / 90) - 4);
  };
  const whose = (row) => {
    const said = [];
    if (part.think[row]) said.push(`the client thought ${seconds(spent("think", row))} before it`);
    if (part.device[row]) said.push(`device ${seconds(spent("device", row))}`);
    if (part.transfer[row]) said.push(`transfer ${seconds(spent("transfer", row))}`);
    if (part.stalled[row] > 1) said.push(`${seconds(spent("stalled", row))} of that stalled (most of it ${data.causes[part.cause[row]]})`);
    return said.length ? ` Where its time went, to two digits: ${said.join(", ")}.` : "";
  };
  const say = () => {
    const place = byId("timeline-selected");
    if (selected < 0) { place.textContent = "Nothing is selected."; return; }
    const first = part.frame[selected], last = first + part.frames[selected], session = part.session[selected];
    const name = session === data.nowhere ? "no session" : `session ${part.first_session + session}`;
    const id = part.id[selected] === UNKNOWN ? "" : `, TransactionID ${part.id[selected]}`;
    place.textContent = `${words(selected)}, ${name}${id}, frames ${first} to ${last}.${whose(selected)} In Wireshark: `;
    const code = document.createElement("code");
    code.textContent = `frame.number >= ${first} && frame.number <= ${last}`;
    place.append(code);
    const rung = `session-${part.first_session + session}-frame-${first}`;
    if (byId(rung)) {
      const link = document.createElement("a");
      link.href = `#${rung}`;
      link.textContent = "in the ladder";
      place.append(" ", link);
    }
  };

  const ask = () => { if (!pending) { pending = true; requestAnimationFrame(draw); } };
  const look = (from, to) => {
    const whole = part.duration_us, least = Math.max(part.unit * 10, 10);
    let span = Math.min(Math.max(to - from, least), whole);
    low = Math.min(Math.max(from + (to - from - span) / 2, 0), whole - span);
    high = low + span;
    ask();
  };
  const zoom = (factor, around = (low + high) / 2) => look(around - (around - low) * factor, around + (high - around) * factor);
  const move = (share) => look(low + (high - low) * share, high + (high - low) * share);
  const select = (row) => {
    selected = row;
    if (row >= 0) {
      const at = startOf(row), span = high - low;
      if (at < low || at > high) look(at - span / 2, at + span / 2);
    }
    say();
    ask();
  };
  const step = (by, odd) => {
    let row = selected;
    if (row < 0) row = by > 0 ? firstFrom(part.start, low) - 1 : firstFrom(part.start, high);
    for (let tried = 0; tried < part.count; tried++) {
      row = (row + by + part.count) % part.count;
      if ((operation < 0 || part.operation[row] === operation) && (!odd || part.kind[row] > 0)) { select(row); return; }
    }
    byId("timeline-selected").textContent = odd ? "Every transaction was answered OK." : "No transaction is here.";
  };
  const timeAt = (x) => low + (x - LEFT) / (canvas.clientWidth - LEFT - RIGHT) * (high - low);
  const nearest = (x, y, reach) => {
    const scale = (canvas.clientWidth - LEFT - RIGHT) / (high - low);
    let best = -1, least = reach * reach;
    const inLanes = y > TOP + PLOT + 6;
    for (let row = firstFrom(part.start, low - (inLanes ? part.longestTook : 0)), end = firstFrom(part.start, high); row < end; row++) {
      if (operation >= 0 && part.operation[row] !== operation) continue;
      let dx = LEFT + (startOf(row) - low) * scale - x, dy;
      if (inLanes) {
        const lane = laneOf(part.session[row]);
        if (lane < 0 || y < laneY(lane) || y >= laneY(lane) + laneHeight()) continue;
        const wide = part.took[row] === UNKNOWN ? 0 : part.took[row] * scale;
        dx = dx > 0 ? dx : Math.min(dx + wide, 0);
        dy = 0;
      } else dy = part.y[row] - y;
      const apart = dx * dx + dy * dy - (part.kind[row] ? 4 : 0);
      if (apart < least) { least = apart; best = row; }
    }
    return best;
  };
  const nearestEvent = (x, y) => {
    const scale = (canvas.clientWidth - LEFT - RIGHT) / (high - low);
    let best = -1, least = 5;
    for (let row = firstFrom(part.ticks.at, low), end = firstFrom(part.ticks.at, high); row < end; row++) {
      const lane = laneOf(part.ticks.session[row]);
      if (lane < 0 || y < laneY(lane) + laneHeight() - 9 || y > laneY(lane) + laneHeight()) continue;
      const apart = Math.abs(LEFT + (part.ticks.at[row] * part.unit - low) * scale - x);
      if (apart < least) { least = apart; best = row; }
    }
    return best;
  };

  const place = (event, element) => { const box = element.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const [x] = place(event, canvas);
    dragged = { canvas: true, x, to: x };
    canvas.setPointerCapture(event.pointerId);
    tip.hidden = true;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event, canvas);
    if (dragged) { dragged.to = Math.max(x, LEFT); ask(); return; }
    const tick = nearestEvent(x, y), row = tick < 0 ? nearest(x, y, 9) : -1;
    tip.hidden = tick < 0 && row < 0;
    if (tip.hidden) return;
    tip.textContent = tick < 0 ? words(row) : `${data.events[part.ticks.event[tick]]}, frame ${part.ticks.frame[tick]}, at ${moment(part.ticks.at[tick] * part.unit)}`;
    tip.style.left = `${Math.min(event.pageX + 14, document.documentElement.clientWidth - 260)}px`;
    tip.style.top = `${event.pageY + 16}px`;
  });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  const released = (event) => {
    if (!dragged || !dragged.canvas) return;
    const { x, to } = dragged;
    dragged = null;
    if (event.type === "pointerup" && Math.abs(to - x) > 6) look(timeAt(Math.min(x, to)), timeAt(Math.max(x, to)));
    else if (event.type === "pointerup") select(nearest(...place(event, canvas), 24));
    ask();
  };
  canvas.addEventListener("pointerup", released);
  canvas.addEventListener("pointercancel", released);
  canvas.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      event.preventDefault();
      zoom(Math.exp((event.deltaY || event.deltaX) * 0.002), timeAt(place(event, canvas)[0]));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      move(event.deltaX / 600);
    }
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const does = {
      ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2), "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => look(0, part.duration_us),
      Home: () => look(0, high - low), End: () => look(part.duration_us - (high - low), part.duration_us),
      n: () => step(1), p: () => step(-1), x: () => step(1, true), Escape: () => select(-1),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });
  const carry = (event) => {
    const inner = strip.clientWidth - LEFT - RIGHT, at = (place(event, strip)[0] - LEFT) / inner * part.duration_us, half = (high - low) / 2;
    look(at - half, at + half);
  };
  strip.addEventListener("pointerdown", (event) => { strip.setPointerCapture(event.pointerId); dragged = { canvas: false }; carry(event); });
  strip.addEventListener("pointermove", (event) => { if (dragged && !dragged.canvas) carry(event); });
  strip.addEventListener("pointerup", () => { dragged = null; });
  strip.addEventListener("pointercancel", () => { dragged = null; });
  byId("timeline-in").addEventListener("click", () => zoom(0.5));
  byId("timeline-out").addEventListener("click", () => zoom(2));
  byId("timeline-fit").addEventListener("click", () => look(0, part.duration_us));
  byId("timeline-odd").addEventListener("click", () => step(1, true));
  byId("timeline-operation").addEventListener("change", (event) => { operation = +event.target.value; select(-1); });

  const legend = () => {
    const there = new Set(part.kind), place = byId("timeline-legend");
    place.replaceChildren();
    const add = (paint, text) => {
      const one = document.createElement("span"), picture = document.createElement("canvas"), ratio = devicePixelRatio || 1;
      picture.width = picture.height = 12 * ratio;
      picture.style.width = picture.style.height = "12px";
      const pen = picture.getContext("2d");
      pen.scale(ratio, ratio);
      paint(pen);
      one.append(picture, ` ${text}`);
      place.append(one);
    };
    KINDS.forEach((name, kind) => {
      if (there.has(kind)) add((pen) => { pen.fillStyle = pen.strokeStyle = colours[name]; symbol(pen, kind, 6, 6, 3.5); }, KIND_WORDS[name]);
    });
    if (part.event_count) add((pen) => { pen.fillStyle = colours.event; pen.fillRect(5, 3, 1.5, 7); }, "event");
  };
  const show = async (number) => {
    const one = data.captures[number];
    await prepared(one);
    part = one;
    selected = -1;
    say();
    const used = new Set(one.operation), choice = byId("timeline-operation");
    operation = -1;
    choice.replaceChildren(new Option("all", "-1"), ...[...used].map((code) => new Option(data.operations[code], code)).sort((a, b) => a.text.localeCompare(b.text)));
    byId("timeline-box").hidden = false;
    low = 0;
    high = Math.max(one.duration_us, 1);
    readColours();
    legend();
    draw();
  };
  const choose = byId("timeline-capture");
  choose.append(...data.captures.map((one, number) => new Option(one.name, number)));
  byId("timeline-capture-label").hidden = data.captures.length < 2;
  choose.addEventListener("change", () => show(+choose.value));
  redraws.push(() => { if (part) { readColours(); legend(); draw(); } });
  new ResizeObserver(ask).observe(canvas);
  show(Math.max(data.captures.findIndex((one) => one.count || one.event_count), 0)).then(() => {
    choose.value = data.captures.indexOf(part);
    root.dataset.ready = "true";
    reveal();
  });
})();
