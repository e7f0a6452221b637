// The model that answers: what it is, its honest notice, and the dialog that changes it.
const dialog = find('.model-dialog');
const reference = find('.model-reference');
const HINTS = {
  builtin: ['', 'Comes with sLAVA, runs on any processor.'],
  folder: ['path of a folder with config.json and safetensors', 'A Hugging Face image-text-to-text model on this machine.'],
  repository: ['OWNER/NAME', 'A repository of the Hugging Face hub. Before anything is downloaded you are told its size.'],
  endpoint: ['http://127.0.0.1:8000/v1#model', 'A server that speaks the OpenAI protocol (vLLM, llama.cpp, Ollama, LM Studio). It is sent the picture and the context.'],
};

function build() {
  const value = props.value;
  if (!value) return;
  element.dataset.phase = value.phase;
  element.dataset.model = value.id;
  find('.model-chip span').textContent = value.title;
  find('.model-chip').dataset.phase = value.phase;
  find('.model-notice span').textContent = value.notice;
  find('.model-notice').hidden = !value.notice;
  find('.model-progress').textContent = value.phase === 'downloading' ? '' : value.progress;
  find('.model-error').textContent = value.error;
  find('.model-load').disabled = ['loading', 'downloading'].includes(value.phase);
  find('.model-unload').disabled = value.phase !== 'ready';
  showMissing(value.download, value.phase === 'downloading', value.progress);
  fillReport(value.report);
  fillTable(value.recommended);
  if (!dialog.open) fillForm(value);
}

// A model that is not on this machine: its size first, then a yes, then how far it has come.
function showMissing(download, coming, progress) {
  find('.model-missing').hidden = !download;
  if (!download) return;
  find('.model-missing p').textContent = download.text;
  find('.model-size').hidden = coming || Boolean(download.size);
  find('.model-download').hidden = coming || !download.size;
  find('.model-download').textContent = `Download ${download.size}`;
  find('.model-cancel').hidden = !coming;
  find('.model-come').textContent = coming ? progress : '';
}

function fillForm(value) {
  const kind = element.querySelector(`.model-kinds [value=${value.kind}]`);
  if (kind) kind.checked = true;
  reference.value = value.kind === 'builtin' ? '' : value.reference;
  find('.model-quantization').value = value.quantization;
  find('.model-tokens').value = value.max_new_tokens;
  find('.model-temperature').value = value.temperature;
  showKind();
}

const kindNow = () => element.querySelector('.model-kinds :checked').value;
function showKind() {
  const [placeholder, hint] = HINTS[kindNow()];
  reference.hidden = kindNow() === 'builtin';
  reference.placeholder = placeholder;
  find('.model-hint').textContent = hint;
  find('.model-quantization').disabled = kindNow() === 'endpoint';
}

function fillReport(rows) {
  find('.model-report tbody').replaceChildren(...rows.map(([label, text]) => {
    const line = make('tr');
    line.append(make('th', '', label), make('td', '', text));
    return line;
  }));
}

function fillTable(models) {
  find('.model-more').hidden = !models.length;
  find('.model-table tbody').replaceChildren(...models.map((model) => {
    const line = make('tr', '', '', { title: model.note });
    const pick = make('button', 's-quiet', 'Choose', { type: 'button' });
    pick.addEventListener('click', () => choose(model.reference));
    const cell = make('td');
    cell.append(pick);
    line.append(make('td', '', model.name), make('td', '', model.download), make('td', '', model.memory), make('td', '', model.licence), cell);
    return line;
  }));
}

function choose(name) {
  find('.model-kinds [value=repository]').checked = true;
  reference.value = name;
  showKind();
}

function submit(event) {
  event.preventDefault();
  trigger('load_wanted', {
    reference: kindNow() === 'builtin' ? 'builtin' : reference.value.trim(),
    quantization: find('.model-quantization').value,
    max_new_tokens: find('.model-tokens').value,
    temperature: find('.model-temperature').value,
  });
}

for (const name of ['.model-chip', '.model-change']) {
  find(name).addEventListener('click', () => { if (props.value) fillForm(props.value); dialog.showModal(); });
}
find('.model-notice').addEventListener('click', (event) => {
  const button = event.currentTarget;
  button.ariaExpanded = String(button.ariaExpanded !== 'true');
});
find('.model-close').addEventListener('click', () => dialog.close());
dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
find('.model-kinds').addEventListener('change', showKind);
find('.model-form').addEventListener('submit', submit);
find('.model-unload').addEventListener('click', () => trigger('unload_wanted', {}));
for (const [name, wanted] of [['.model-size', 'size_wanted'], ['.model-download', 'download_wanted']]) {
  find(name).addEventListener('click', () => trigger(wanted, { reference: props.value.download.reference }));
}
find('.model-cancel').addEventListener('click', () => trigger('cancel_wanted', {}));
watch('value', build);
build();
