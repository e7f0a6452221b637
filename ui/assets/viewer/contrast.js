// Contrast: grey values become screen values here, so 16 bits stay 16 bits until they are drawn.
let table = null;         // grey value -> RGBA, for integer pixels
let tableVersion = 0;
const buffers = new Map();    // one RGBA buffer per tile shape, shared by all tiles

const GREY = (v) => 0xff000000 | (v << 16) | (v << 8) | v;

function setContrast(low, high) {
  const { doc } = state;
  const step = (doc.max - doc.min) / 256 || 1;
  state.low = Math.min(low, high - step);
  state.high = high;
  makeTable();
  drawHistogram();
  redraw();
}

function makeTable() {
  tableVersion += 1;
  if (state.doc.dtype === 'f4') { table = null; return; }
  const gain = 255 / Math.max(state.high - state.low, 1e-9);
  table = new Uint32Array(state.doc.dtype === 'u2' ? 65536 : 256);
  for (let value = 0; value < table.length; value++) {
    table[value] = GREY(clamp((value - state.low) * gain, 0, 255) | 0);
  }
}

function bufferFor(tile) {
  const shape = `${tile.w}x${tile.h}`;
  let buffer = buffers.get(shape);
  if (!buffer) {
    const image = tile.context.createImageData(tile.w, tile.h);
    buffer = { image, rgba: new Uint32Array(image.data.buffer) };
    buffers.set(shape, buffer);
    if (buffers.size > 8) buffers.delete(buffers.keys().next().value);
  }
  return buffer;
}

// Bring a tile to the present contrast. False: no time is left in this frame, come again.
function paint(tile, until) {
  if (tile.version === tableVersion) return true;
  if (performance.now() > until) {
    if (tile.version >= 0) redraw();
    return tile.version >= 0;
  }
  const { image, rgba } = bufferFor(tile);
  const grey = tile.data;
  if (table) {
    for (let i = 0; i < grey.length; i++) rgba[i] = table[grey[i]];
  } else {
    const gain = 255 / Math.max(state.high - state.low, 1e-12);
    for (let i = 0; i < grey.length; i++) rgba[i] = GREY(clamp((grey[i] - state.low) * gain, 0, 255) | 0);
  }
  tile.context.putImageData(image, 0, 0);
  tile.version = tableVersion;
  return true;
}
