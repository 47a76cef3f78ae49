/**
 * The classroom: the rules of a sitting and everything people may do in it. Front doors call `Classroom`, read its views,
 * and learn what to show from the store's outbox (`ClassroomEvent`).
 */
export { Classroom } from './classroom.ts';
export type { Announcement, ClassroomEvent, ClassroomEventKind, SessionEvent } from './events.ts';
export { MAX_TURN_LENGTH } from './input.ts';
export { type Shown, shownReply } from './moderation.ts';
export type { Place } from './openings.ts';
export { CONSENT_TEXT_VERSION, consentText, declarationText } from './people.ts';
export { type Likelihood, type PushVerdict, pushWords } from './push.ts';
export type { Actor, ClassroomOptions, Log } from './room.ts';
export {
  type ClassSettings,
  COUNTDOWN_MS,
  defaultSettings,
  NUMBER_BOUNDS,
  REWARD_SOURCES,
  SETTING_NAMES,
  type SettingName,
} from './settings.ts';
export { COUNTDOWN_LEADS_TO, type CountdownLeadsTo, PHASES, type Phase, type TrainingBlock } from './state.ts';
export type * from './views.ts';
