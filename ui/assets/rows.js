// A long list of which only the rows in sight are in the page. All rows are equally high, so where
// one stands follows from its place. The list itself has the keyboard and knows which row is active,
// because rows come and go. It must not know what a row shows.
const SPARE_ROWS = 4;         // kept above and below what is in sight
const HASTE_PX = 60;          // who scrolls more than this in one frame does not look at the rows
const SETTLE_MS = 80;

// `items` have ids. `draw(item)` makes the node of a row; `settle(node)` is told which are looked at.
function longList(list, rowPx, { draw, settle }) {
  const inside = list.appendChild(make('div', 's-rows', '', { role: 'presentation' }));
  const rows = new Map();                      // those in the page: node and item by id
  let items = [];
  let places = new Map();
  let active = null;
  let awaited = null;                          // to be brought into sight
  let seen = 0;                                // height of what is in sight, px
  let lastTop = 0;
  let due = 0;
  let settling = 0;

  // What stands at the top stays there, unless the list is to begin anew.
  function show(next, { anew = false } = {}) {
    if (anew) list.scrollTop = 0;
    const top = list.scrollTop;
    const held = top > 0 ? items[Math.floor(top / rowPx)]?.id : undefined;
    const heldAt = places.get(held);
    const activeAt = places.get(active);
    items = next;
    places = new Map(items.map((item, place) => [item.id, place]));
    inside.style.height = `${items.length * rowPx}px`;
    if (places.has(held)) list.scrollTop = top + (places.get(held) - heldAt) * rowPx;
    if (active !== null && !places.has(active)) active = items[Math.min(activeAt, items.length - 1)]?.id ?? null;
    reach();
    refresh();
  }

  function refresh() {
    cancelAnimationFrame(due);
    due = 0;
    const top = list.scrollTop;
    const first = Math.max(0, Math.floor(top / rowPx) - SPARE_ROWS);
    const end = Math.min(items.length, Math.ceil((top + seen) / rowPx) + SPARE_ROWS);
    for (const [id, { node }] of rows) {
      if (places.get(id) >= first && places.get(id) < end) continue;
      rows.delete(id);
      node.remove();
    }
    for (let place = first; place < end; place += 1) put(items[place], place, inside.children[place - first]);
    list.setAttribute('aria-activedescendant', rows.get(active)?.node.id ?? '');
    clearTimeout(settling);
    if (Math.abs(top - lastTop) > HASTE_PX) settling = setTimeout(settleAll, SETTLE_MS);
    else settleAll();
    lastTop = top;
  }

  function put(item, place, standing) {
    let row = rows.get(item.id);
    if (!row || (row.item !== item && JSON.stringify(row.item) !== JSON.stringify(item))) {
      const node = draw(item);
      node.id = `row-${item.id}`;
      inside.insertBefore(node, standing ?? null);
      row?.node.remove();
      row = { node };
      rows.set(item.id, row);
    } else if (row.node !== standing) inside.insertBefore(row.node, standing ?? null);
    row.item = item;
    row.node.style.top = `${place * rowPx}px`;
    row.node.ariaPosInSet = place + 1;
    row.node.ariaSetSize = items.length;
    row.node.classList.toggle('active', item.id === active);
  }

  function settleAll() {
    for (const { node } of rows.values()) settle(node);
  }

  function activate(id, reveal = true) {
    active = id;
    if (reveal) bring(id); else refresh();
  }

  // Into sight, and no further than needed; later, when it is not in the list or the list is hidden.
  function bring(id) {
    awaited = id;
    reach();
    refresh();
  }

  function reach() {
    const place = places.get(awaited);
    if (place === undefined || !seen) return;
    awaited = null;
    const lowest = (place + 1) * rowPx - seen;
    if (list.scrollTop > place * rowPx) list.scrollTop = place * rowPx;
    else if (list.scrollTop < lowest) list.scrollTop = lowest;
  }

  // A key that moves the active row; true when it was one.
  function move(key) {
    const at = places.get(active) ?? -1;
    const page = Math.max(1, Math.floor(seen / rowPx) - 1);
    const to = {
      ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: items.length - 1,
    }[key];
    if (to === undefined) return false;
    if (items.length) activate(items[Math.max(0, Math.min(items.length - 1, to))].id);
    return true;
  }

  list.addEventListener('scroll', () => { due ||= requestAnimationFrame(refresh); }, { passive: true });
  new ResizeObserver(([entry]) => {
    seen = entry.contentRect.height;
    reach();
    refresh();
  }).observe(list);

  return {
    show, bring, activate, move,
    get active() { return active; },
    get nodes() { return [...rows.values()].map((row) => row.node); },
    node: (id) => rows.get(id)?.node,
  };
}
