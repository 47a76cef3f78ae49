// @ts-check
/** Language and light: as the system has it, until one chooses. */
import { useState } from 'preact/hooks';
import { html } from './html.js';
import { Icon } from './icons.js';
import { loadCommands } from './interactions.js';
import { sendLocale } from './session.js';
import { getState, setState } from './state.js';
import { forget, recall, remember } from './storage.js';
import { loadTexts, locale, rememberLocale, t } from './text.js';

/** @param {'en' | 'pt-BR'} chosen */
async function changeLocale(chosen) {
  rememberLocale(chosen);
  await loadTexts(chosen);
  setState({ localeVersion: getState().localeVersion + 1 });
  void sendLocale();
  void loadCommands();
}

export function LanguageSwitch() {
  const names = /** @type {const} */ ({ en: 'English', 'pt-BR': 'Português' });
  return html`<div class="switch" role="radiogroup" aria-label=${t('language')}>
    ${Object.entries(names).map(
      ([tag, name]) => html`<button
        type="button"
        role="radio"
        lang=${tag}
        aria-checked=${locale() === tag}
        onClick=${() => void changeLocale(/** @type {'en' | 'pt-BR'} */ (tag))}
      >${name}</button>`,
    )}
  </div>`;
}

export function ThemeSwitch() {
  const [theme, setTheme] = useState(recall('theme') ?? 'auto');
  const choose = (/** @type {string} */ chosen) => {
    setTheme(chosen);
    if (chosen === 'auto') {
      forget('theme');
      delete document.documentElement.dataset.theme;
    } else {
      remember('theme', chosen);
      document.documentElement.dataset.theme = chosen;
    }
  };
  return html`<div class="switch" role="radiogroup" aria-label=${t('light')}>
    <button type="button" role="radio" aria-checked=${theme === 'light'} aria-label=${t('theme_light')} title=${t('theme_light')} onClick=${() => choose('light')}><${Icon} name="sun" /></button>
    <button type="button" role="radio" aria-checked=${theme === 'auto'} onClick=${() => choose('auto')}>${t('theme_auto')}</button>
    <button type="button" role="radio" aria-checked=${theme === 'dark'} aria-label=${t('theme_dark')} title=${t('theme_dark')} onClick=${() => choose('dark')}><${Icon} name="moon" /></button>
  </div>`;
}
