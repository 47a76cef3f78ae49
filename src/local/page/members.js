// @ts-check
/** Who is in the class and who is here now; for teachers also the join code and what they may do for a member. */
import { useState } from 'preact/hooks';
import { html } from './html.js';
import { Icon } from './icons.js';
import { Avatar } from './message.js';
import { isTeacher, nameOf } from './names.js';
import { setState, useStore } from './state.js';
import { newReturnCode, removeFromClass, renewJoinCode, setTeacher } from './teacher.js';
import { locale, plural, t } from './text.js';
import { attempt } from './toasts.js';

/** @typedef {import('./state.js').Member} MemberData */

export function Members() {
  const members = useStore((state) => state.members);
  const online = useStore((state) => state.online);
  const me = useStore((state) => state.me);
  const joinCode = useStore((state) => state.joinCode);
  const iTeach = isTeacher(me === null ? undefined : members[me.id]);
  const all = Object.values(members).sort((a, b) => nameOf(a.user).localeCompare(nameOf(b.user), locale()));
  const here = all.filter((member) => online[member.user.id]);
  const away = all.filter((member) => !online[member.user.id]);
  return html`<div class="members-inner">
    <header class="sidebar-head">
      <h2>${t('members')}</h2>
      <button type="button" class="icon-button drawer-close" aria-label=${t('close')} onClick=${() => setState({ drawer: null })}><${Icon} name="close" /></button>
    </header>
    ${iTeach && joinCode !== '' && html`<${JoinCode} code=${joinCode} />`}
    <div class="member-lists">
      <${MemberList} title=${plural('here', here.length)} members=${here} iTeach=${iTeach} />
      ${away.length > 0 && html`<${MemberList} title=${t('away')} members=${away} iTeach=${iTeach} isAway />`}
    </div>
  </div>`;
}

/** @param {{ code: string }} props */
function JoinCode({ code }) {
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
  return html`<section class="join-code">
    <h3>${t('join_code')}</h3>
    <p class="code" aria-label=${code.split('').join(' ')}>${code}</p>
    <p>${isLocal ? t('join_code_local') : t('join_code_lan', { address: location.origin })}</p>
    <button type="button" class="link" onClick=${() => confirm(t('join_code_renew_question')) && void renewJoinCode()}>${t('join_code_renew')}</button>
  </section>`;
}

/** @param {{ title: string, members: MemberData[], iTeach: boolean, isAway?: boolean }} props */
function MemberList({ title, members, iTeach, isAway = false }) {
  return html`<section>
    <h3>${title}</h3>
    <ul class=${isAway ? 'member-list away' : 'member-list'}>
      ${members.map((member) => html`<${Member} key=${member.user.id} member=${member} iTeach=${iTeach} />`)}
    </ul>
  </section>`;
}

/** @param {{ member: MemberData, iTeach: boolean }} props */
function Member({ member, iTeach }) {
  const me = useStore((state) => state.me);
  const [code, setCode] = useState('');
  const { user } = member;
  const teaches = isTeacher(member);
  const isMe = user.id === me?.id;
  const role = user.bot ? t('bot') : teaches ? t('teacher') : '';
  const hasMenu = iTeach && !user.bot && !isMe;
  return html`<li class="member">
    <${Avatar} user=${user} small />
    <span class="member-name">${nameOf(user)}${isMe ? html` <small>${t('you')}</small>` : ''}</span>
    ${role && html`<span class="badge">${role}</span>`}
    ${
      hasMenu &&
      html`<details class="member-menu">
        <summary class="icon-button" aria-label=${t('member_menu', { name: nameOf(user) })}><${Icon} name="more" /></summary>
        <div>
          ${code && html`<p class="return-code"><span>${t('return_code_of', { name: nameOf(user) })}</span><code>${code}</code></p>`}
          <button type="button" class="menu-item" onClick=${() => void attempt(async () => setCode(await newReturnCode(user.id)))}>${t('new_return_code')}</button>
          <button type="button" class="menu-item" onClick=${() => void setTeacher(user.id, !teaches)}>${teaches ? t('make_student') : t('make_teacher')}</button>
          ${!teaches && html`<button type="button" class="menu-item danger" onClick=${() => confirm(t('remove_question', { name: nameOf(user) })) && void removeFromClass(user.id)}>${t('remove_member')}</button>`}
        </div>
      </details>`
    }
  </li>`;
}
