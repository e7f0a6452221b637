// Above the question box: suggested questions, and how much of what is known the model is told.
const chips = find('.ask-chips');
const levels = find('.ask-levels');

function build() {
  const value = props.value;
  if (!value) return;
  element.dataset.level = value.level;
  if (chips.childElementCount !== value.suggestions.length) {
    chips.replaceChildren(...value.suggestions.map((suggestion) => {
      const chip = make('button', 'ask-chip', suggestion.title, { type: 'button', title: suggestion.question });
      chip.addEventListener('click', () => trigger('suggested', { question: suggestion.question }));
      return chip;
    }));
  }
  levels.replaceChildren(...value.levels.map((level) => {
    const button = make('button', '', level, { type: 'button', role: 'radio', 'aria-checked': String(level === value.level) });
    button.addEventListener('click', () => trigger('level_chosen', { level }));
    return button;
  }));
  find('.ask-context pre').textContent = value.preview || 'Nothing: the model has the picture alone.';
}

// The row of chips is scrolled by the wheel as well as by keys.
chips.addEventListener('wheel', (event) => {
  if (event.deltaX || chips.scrollWidth <= chips.clientWidth) return;
  event.preventDefault();
  chips.scrollLeft += event.deltaY;
}, { passive: false });
find('.ask-show').addEventListener('click', () => toggle(find('.ask-context')));
watch('value', build);
build();
