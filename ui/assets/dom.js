// Shared by the panels: small helpers around the element that Gradio hands over. Text that came
// from a file, a user or a model enters the page through textContent only.
const find = (selector) => element.querySelector(selector);

function make(tag, className = '', text = '', attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// A button that asks once more, in its own place, before it acts.
function askTwice(button, question, act) {
  button.addEventListener('click', (event) => {
    event.stopPropagation();
    const strip = make('span', 's-confirm');
    const yes = make('button', 's-danger', question, { type: 'button' });
    const no = make('button', '', 'Keep', { type: 'button' });
    strip.append(yes, no);
    button.replaceWith(strip);
    const back = () => strip.replaceWith(button);
    yes.addEventListener('click', (click) => { click.stopPropagation(); back(); act(); });
    no.addEventListener('click', (click) => { click.stopPropagation(); back(); });
    yes.focus();
  });
  return button;
}

// Popovers: one open at a time in a panel, closed by Escape and by a click elsewhere.
function toggle(popover, open = popover.hidden) {
  element.querySelectorAll('.s-popover').forEach((other) => { other.hidden = true; });
  popover.hidden = !open;
  if (open) popover.querySelector('input, button')?.focus();
}
const closeLater = new AbortController();
function onPage(type, handler) {
  document.addEventListener(type, (event) => {
    if (element.isConnected) handler(event); else closeLater.abort();
  }, { signal: closeLater.signal });
}
onPage('pointerdown', (event) => {
  if (event.target.closest('.s-popover, [data-opens]') && element.contains(event.target)) return;
  element.querySelectorAll('.s-popover').forEach((popover) => { popover.hidden = true; });
});
onPage('keydown', (event) => {
  if (event.key === 'Escape') element.querySelectorAll('.s-popover').forEach((popover) => { popover.hidden = true; });
});
