// Tools, buttons and keys.
function setTool(name) {
  state.tool = name;
  stage.dataset.tool = name;
  element.querySelectorAll('[data-tool]').forEach((button) => {
    if (button !== stage) button.ariaPressed = String(button.dataset.tool === name);
  });
}

const actions = {
  fit,
  one: () => zoomAt(state.width / 2, state.height / 2, 1 / state.scale),
  in: () => zoomAt(state.width / 2, state.height / 2, 1.25),
  out: () => zoomAt(state.width / 2, state.height / 2, 0.8),
  auto: () => setContrast(state.doc.lo, state.doc.hi),
  full: () => setContrast(state.doc.min, state.doc.max),
  outlines: () => {
    state.outlinesShown = !state.outlinesShown;
    find('[data-act=outlines]').ariaPressed = String(state.outlinesShown);
    redraw();
  },
  clear: () => {
    state.ruler = null;
    delete element.dataset.ruler;
    showRegion();                           // the one that is measured stays
    closeForm();
    redraw();
  },
};
const ACTION_KEYS = {
  f: 'fit', 0: 'fit', 1: 'one', '+': 'in', '=': 'in', '-': 'out', o: 'outlines', c: 'auto', Escape: 'clear',
};
const TOOL_KEYS = { h: 'pan', r: 'ruler', g: 'region' };
const PAN_KEYS = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };

element.querySelectorAll('button[data-tool]').forEach((button) => {
  listen(button, 'click', () => setTool(button.dataset.tool));
});
element.querySelectorAll('[data-act]').forEach((button) => {
  listen(button, 'click', () => { if (state.doc) actions[button.dataset.act](); });
});
listen(find('.sv-samples'), 'click', () => trigger('samples_wanted', {}));

const TYPING = 'input, textarea, select, [contenteditable]:not([contenteditable=false]), dialog, [role=dialog]';
const isTyping = (event) => event.composedPath()[0].closest?.(TYPING);
const isOurs = (event) => (
  state.doc && stage.offsetParent && !event.defaultPrevented && !event.isComposing
  && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event));

listen(document, 'keydown', (event) => {
  if (!isOurs(event)) return;
  const inside = element.contains(document.activeElement);
  if (TOOL_KEYS[event.key]) setTool(TOOL_KEYS[event.key]);
  else if (ACTION_KEYS[event.key]) actions[ACTION_KEYS[event.key]]();
  else if (PAN_KEYS[event.key] && inside) panBy(...PAN_KEYS[event.key]);
  else return;
  event.preventDefault();
});
