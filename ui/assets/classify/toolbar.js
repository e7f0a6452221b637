// K, strategy, metric, encoder: every change is sent at once and the answer comes back.
const kInput = find('.cl-k input');
const strategy = find('.cl-strategy');
const encoder = find('.cl-encoder');
let wish = {};
let moving = 0;

function showToolbar(value) {
  element.dataset.k = value.wish.k;
  element.dataset.strategy = value.wish.strategy;
  find('.cl-model-name').textContent = value.model === 'builtin' ? 'built-in' : value.model;
  if (moving) return;                       // the user is moving K: it counts, not this
  wish = { ...value.wish };
  kInput.value = wish.k;
  strategy.value = wish.strategy;
  describe();
  when('encoders', [wish.encoders, wish.encoder], () => encoder.replaceChildren(...wish.encoders.map((name) => {
    const option = make('option', '', name === 'builtin' ? 'built-in' : name, { value: name });
    option.selected = name === wish.encoder;
    return option;
  })));
  const left = [wish.pinned && `${wish.pinned} pinned`, wish.put_aside && `${wish.put_aside} left out`].filter(Boolean).join(', ');
  find('.cl-shown-note').textContent = left;
  const random = wish.strategy === 'random';
  find('.cl-reset').hidden = !left && !random;
  find('.cl-reset').textContent = left ? 'Reset' : 'Draw others';
}

function describe() {
  find('.cl-k output').textContent = kInput.value;
  element.querySelectorAll('[data-metric]').forEach((button) => { button.ariaChecked = String(button.dataset.metric === wish.metric); });
  find('.cl-more span').textContent = wish.encoder === 'builtin' ? 'built-in' : wish.encoder.split(/[\\/]/).pop();
  find('.cl-model').checked = wish.ask_model;
  find('.cl-own').checked = wish.own_source_too;
}

function want(change, pause = 0) {
  Object.assign(wish, change);
  describe();
  clearTimeout(moving);
  moving = setTimeout(() => { moving = 0; say('wished', { wish }); }, pause);
}

function setK(k) {
  kInput.value = Math.max(0, Math.min(16, k));
  want({ k: Number(kInput.value) }, 120);
}

kInput.addEventListener('input', () => want({ k: Number(kInput.value) }, 120));
strategy.addEventListener('change', () => want({ strategy: strategy.value }));
element.querySelectorAll('[data-metric]').forEach((button) => button.addEventListener('click', () => want({ metric: button.dataset.metric })));
encoder.addEventListener('change', () => want({ encoder: encoder.value }));
find('.cl-encoder-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = find('.cl-encoder-path').value.trim();
  if (name) want({ encoder: name });
});
find('.cl-model').addEventListener('change', (event) => want({ ask_model: event.target.checked }));
find('.cl-own').addEventListener('change', (event) => want({ own_source_too: event.target.checked }));
find('.cl-more').addEventListener('click', () => toggle(find('.cl-options')));
find('.cl-reset').addEventListener('click', () => say('reset_wanted'));
