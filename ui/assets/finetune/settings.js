// The settings of a preset, folded out; those that were changed stand out and go with the wish.
let changes = {};
let valuesShown = {};

function showSettings(values) {
  valuesShown = values;
  when('groups', state.groups, (groups) => find('.ft-groups').replaceChildren(...groups.map(settingGroup)));
  for (const input of element.querySelectorAll('[data-setting]')) {
    const { setting } = input.dataset;
    const value = values[setting];
    if (document.activeElement !== input) {
      if (input.type === 'checkbox') input.checked = Boolean(value);
      else input.value = value ?? '';
    }
    input.closest('.ft-setting').classList.toggle('ft-touched', setting in changes);
  }
  const count = Object.keys(changes).length;
  find('.ft-changed').textContent = count ? `${count} changed from the preset` : 'as the preset has them';
}

function settingGroup(group) {
  const node = make('div', 'ft-group');
  node.append(make('b', '', group.title), ...group.settings.map(settingRow));
  return node;
}

function settingRow(setting) {
  const row = make('label', 'ft-setting', '', { title: setting.hint || setting.label });
  let input;
  if (setting.kind === 'choice') {
    input = make('select', 's-input');
    for (const [value, word] of setting.choices) input.append(make('option', '', word, { value }));
  } else {
    input = make('input', setting.kind === 'yes' ? '' : 's-input', '', { type: setting.kind === 'yes' ? 'checkbox' : 'text' });
    if (setting.kind !== 'yes') { input.inputMode = 'decimal'; input.placeholder = setting.empty; input.spellcheck = false; }
  }
  input.dataset.setting = setting.name;
  input.addEventListener('change', () => {
    changes[setting.name] = setting.kind === 'yes' ? input.checked : input.value.trim();
    replan();
  });
  row.append(make('span', '', setting.label), input);
  return row;
}
