() => {
  // The frame of the window: dark or light, panes shown or hidden, remembered in this browser.
  const remember = (name, value) => localStorage.setItem(`slava.${name}`, value);
  const recall = (name) => localStorage.getItem(`slava.${name}`);
  const panes = { library: 'no-library', chat: 'no-chat' };

  function setDark(dark) {
    document.body.classList.toggle('dark', dark);
    document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
  }
  function togglePane(name) {
    const hidden = document.body.classList.toggle(panes[name]);
    remember(name, hidden ? 'hidden' : 'shown');
    markPanes();
  }
  function toggleTheme() {
    const dark = !document.body.classList.contains('dark');
    setDark(dark);
    remember('theme', dark ? 'dark' : 'light');
  }
  function markPanes() {
    for (const [name, hiddenClass] of Object.entries(panes)) {
      const button = document.querySelector(`[data-shell=${name}]`);
      if (button) button.ariaPressed = String(!document.body.classList.contains(hiddenClass));
    }
  }

  const theme = recall('theme');
  if (theme) setDark(theme === 'dark');
  else document.documentElement.style.colorScheme = document.body.classList.contains('dark') ? 'dark' : 'light';
  for (const [name, hiddenClass] of Object.entries(panes)) {
    document.body.classList.toggle(hiddenClass, recall(name) === 'hidden');
  }
  markPanes();

  document.addEventListener('click', (event) => {
    const name = event.target.closest('[data-shell]')?.dataset.shell;
    if (name === 'theme') toggleTheme();
    else if (name) togglePane(name);
  });
  document.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    const name = { b: 'library', j: 'chat' }[event.key];
    if (!name) return;
    event.preventDefault();
    togglePane(name);
  });
  // "/" goes to the question, as in many tools; typing anywhere else is left alone.
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target.closest('input, textarea, select, dialog')) return;
    event.preventDefault();
    document.querySelector('#question textarea')?.focus();
  });
  document.body.dataset.shell = 'ready';
}
