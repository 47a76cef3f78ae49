// @ts-check
/** The door: a name and the class's code; for those who were here before, their return code. */
import { useState } from 'preact/hooks';
import { html } from './html.js';
import { RestError } from './rest.js';
import { comeBack, join } from './session.js';
import { LanguageSwitch, ThemeSwitch } from './switches.js';
import { t } from './text.js';
import { explain } from './toasts.js';

/** What each refusal of the server means, and which field it is about. @type {Record<string, [string, string]>} */
const PROBLEMS = {
  INVITE_CODE_INVALID: ['invite', 'wrong_join_code'],
  TEACHER_CODE_WRONG: ['teacher', 'wrong_teacher_code'],
  USERNAME_ALREADY_TAKEN: ['name', 'name_taken'],
  BASE_TYPE_BAD_LENGTH: ['name', 'name_length'],
  INVALID_LOGIN: ['return', 'wrong_return_code'],
};

export function Join() {
  const [mode, setMode] = useState(/** @type {'new' | 'back' | 'teacher'} */ ('new'));
  const [fields, setFields] = useState({
    name: '',
    invite: new URLSearchParams(location.search).get('code') ?? '',
    teacher: '',
    return: '',
  });
  const [problem, setProblem] = useState(/** @type {[string, string] | null} */ (null));
  const [isBusy, setBusy] = useState(false);

  const submit = async () => {
    setBusy(true);
    setProblem(null);
    const { name, invite } = fields;
    try {
      if (mode === 'back') await comeBack({ login: name, password: fields.return, invite });
      else await join({ global_name: name, invite, ...(mode === 'teacher' && { teacher_code: fields.teacher }) });
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };
  const field = (/** @type {keyof typeof fields} */ name, /** @type {object} */ more) => html`<${Field}
    name=${name}
    value=${fields[name]}
    problem=${problem?.[0] === name ? problem[1] : ''}
    onChange=${(/** @type {string} */ value) => setFields({ ...fields, [name]: value })}
    ...${more}
  />`;
  return html`<main class="join" id="main">
    <div class="join-card">
      <img src="/icon.svg" alt="" width="64" height="64" />
      <h1>Brain Factory</h1>
      <p class="lead">${t('join_lead')}</p>
      <form
        onSubmit=${(/** @type {Event} */ event) => {
          event.preventDefault();
          void submit();
        }}
      >
        ${field('name', { label: t('your_name'), hint: mode === 'back' ? t('your_name_before') : t('your_name_hint'), autocomplete: 'nickname', maxlength: 32, focus: true })}
        ${mode !== 'teacher' && field('invite', { label: t('join_code'), hint: t('join_code_hint'), isCode: true })}
        ${mode === 'teacher' && field('teacher', { label: t('teacher_code'), hint: t('teacher_code_hint'), isCode: true })}
        ${mode === 'back' && field('return', { label: t('return_code'), hint: t('return_code_hint'), isCode: true })}
        ${problem !== null && problem[0] === '' && html`<p class="wrong-line" role="alert">${problem[1]}</p>`}
        <button type="submit" class="button primary large" disabled=${isBusy} aria-busy=${isBusy ? 'true' : undefined}>
          ${mode === 'back' ? t('come_back') : t('enter')}${isBusy && html`<span class="spinner" />`}
        </button>
      </form>
      <p class="other-ways">
        ${mode !== 'new' && html`<button type="button" class="link" onClick=${() => setMode('new')}>${t('way_new')}</button>`}
        ${mode !== 'back' && html`<button type="button" class="link" onClick=${() => setMode('back')}>${t('way_back')}</button>`}
        ${mode !== 'teacher' && html`<button type="button" class="link" onClick=${() => setMode('teacher')}>${t('way_teacher')}</button>`}
      </p>
    </div>
    <footer class="join-foot"><${LanguageSwitch} /><${ThemeSwitch} /></footer>
  </main>`;
}

/** @param {unknown} error @returns {[string, string]} */
function problemOf(error) {
  if (!(error instanceof RestError)) return ['', explain(error)];
  if (error.status === 429) return ['', t('too_many_tries', { seconds: Math.ceil(error.retryAfter) })];
  for (const code of Object.values(error.fields)) {
    const known = PROBLEMS[code];
    if (known !== undefined) return [known[0], t(known[1])];
  }
  return ['', explain(error)];
}

/**
 * @param {object} props
 * @param {string} props.name
 * @param {string} props.label
 * @param {string} props.hint
 * @param {string} props.value
 * @param {string} props.problem
 * @param {boolean} [props.isCode]
 * @param {string} [props.autocomplete]
 * @param {number} [props.maxlength]
 * @param {boolean} [props.focus]
 * @param {(value: string) => void} props.onChange
 */
function Field({
  name,
  label,
  hint,
  value,
  problem,
  isCode = false,
  autocomplete = 'off',
  maxlength = 12,
  focus = false,
  onChange,
}) {
  return html`<div class=${problem ? 'form-field wrong' : 'form-field'}>
    <label for=${`join-${name}`}>${label}</label>
    <input
      id=${`join-${name}`}
      class=${isCode ? 'code-input' : ''}
      type="text"
      value=${value}
      required
      autofocus=${focus}
      autocomplete=${autocomplete}
      autocapitalize=${isCode ? 'characters' : 'words'}
      spellcheck=${!isCode}
      maxlength=${maxlength}
      aria-describedby=${`join-${name}-hint`}
      aria-invalid=${problem ? 'true' : undefined}
      onInput=${(/** @type {{ currentTarget: HTMLInputElement }} */ event) => onChange(isCode ? event.currentTarget.value.toUpperCase() : event.currentTarget.value)}
    />
    <p class="hint" id=${`join-${name}-hint`} role=${problem ? 'alert' : undefined}>${problem ? html`<b>${problem}</b>` : hint}</p>
  </div>`;
}
