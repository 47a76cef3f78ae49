/**
 * People and what they agreed to. Two gates stand before a training on Discord: the operator's declaration for the class,
 * and each member's consent; here both are recorded, with the wording that was agreed to. Teachers' rights are checked here
 * too, whatever the front door showed.
 */
import { UserError } from '../errors.ts';
import { type Locale, t } from '../i18n/index.ts';
import type { ForgetReport, MemberRow } from '../store/index.ts';
import type { Actor, Room } from './room.ts';
import { memberView } from './show.ts';
import type { MemberView } from './views.ts';

/**
 * Goes up when the consent text changes in meaning; kept with every answer. The first spoke of turns alone; from the second
 * on ratings and better answers may train, too, from the third on choices between tries (jobs.ts).
 */
export const CONSENT_TEXT_VERSION = '3';

/** What a person agrees to when they let their words train the brain. */
export function consentText(locale: Locale): string {
  return t(locale, 'classroom:consent_text');
}

/** What the operator declares before anything said on a Discord server may train. */
export function declarationText(locale: Locale): string {
  return t(locale, 'classroom:declaration_text');
}

/** @throws UserError not_teacher. */
export function requireTeacher(actor: Actor): void {
  if (!actor.isTeacher) throw new UserError('not_teacher');
}

export class People {
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  /** The member behind a person, made on first sight together with their class. */
  member(actor: Actor): MemberRow {
    const { store } = this.#room;
    const { classId, className, userId, name, isTeacher, locale } = actor;
    store.classes.ensure({ id: classId, name: className, locale });
    return store.members.ensure({ classId, userId, name, role: isTeacher ? 'teacher' : 'student' });
  }

  list(classId: string): MemberView[] {
    const { store } = this.#room;
    return store.members.inClass(classId).map((member) => memberView(store, member));
  }

  view(actor: Actor): MemberView {
    return memberView(this.#room.store, this.member(actor));
  }

  /** The person's own answer to the consent question; a guardian's no stands over their yes. */
  consent(actor: Actor, granted: boolean): MemberView {
    const member = this.member(actor);
    return this.#record(member, granted, member.id);
  }

  /** A guardian's answer, recorded by the teacher who holds it. @throws UserError not_teacher, member_unknown. */
  guardianConsent(actor: Actor, userId: string, granted: boolean): MemberView {
    requireTeacher(actor);
    const { store } = this.#room;
    const teacher = this.member(actor);
    const member = store.members.find(actor.classId, userId);
    if (!member) throw new UserError('member_unknown');
    return store.transaction(() => {
      const details = { about: member.id, granted };
      store.audit.add({ classId: actor.classId, memberId: teacher.id, action: 'guardian_consent', details });
      return this.#record(member, granted, teacher.id);
    });
  }

  /** The operator's declaration; `wording` is what they were shown. @throws UserError not_teacher. */
  declare(actor: Actor, wording = declarationText(actor.locale)): void {
    requireTeacher(actor);
    const { store } = this.#room;
    const member = this.member(actor);
    store.transaction(() => {
      store.classes.declare(actor.classId, { memberId: member.id, wording });
      store.audit.add({ classId: actor.classId, memberId: member.id, action: 'declared' });
    });
  }

  /** Everything kept about the person, as plain JSON. */
  exportData(actor: Actor): Record<string, unknown> {
    const { store } = this.#room;
    const member = store.members.find(actor.classId, actor.userId);
    return member ? store.members.export(member.id) : {};
  }

  /** Forgets the person; null when nothing was kept about them. */
  forget(actor: Actor): ForgetReport | null {
    const { store } = this.#room;
    const member = store.members.find(actor.classId, actor.userId);
    return member ? store.members.forget(member.id) : null;
  }

  #record(member: MemberRow, granted: boolean, recordedBy: string): MemberView {
    const { store } = this.#room;
    store.consents.record({ memberId: member.id, granted, textVersion: CONSENT_TEXT_VERSION, recordedBy });
    return memberView(store, member);
  }
}
