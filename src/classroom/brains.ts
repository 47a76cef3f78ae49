/** What a class does with its brain's versions: use, roll back, compare, chat, export. */
import path from 'node:path';
import { type Choices, guessChoices } from '../brain/index.ts';
import { UserError } from '../errors.ts';
import { readTurnText } from './input.ts';
import { shownReply } from './moderation.ts';
import { type People, requireTeacher } from './people.ts';
import { choicesOf, generationSettings } from './replies.ts';
import { type Actor, type Room, settingsOf } from './room.ts';
import type { Sittings } from './sittings.ts';
import type { Versions } from './versions.ts';
import type { ChatView, ComparisonView, VersionView } from './views.ts';

export class Brains {
  readonly #room: Room;
  readonly #people: People;
  readonly #versions: Versions;
  readonly #sittings: Sittings;

  constructor(room: Room, people: People, versions: Versions, sittings: Sittings) {
    this.#room = room;
    this.#people = people;
    this.#versions = versions;
    this.#sittings = sittings;
  }

  /** Makes a version the one that answers. @throws UserError not_teacher, version_unknown, version_other_base, version_busy, adapter_damaged. */
  use(actor: Actor, number: number): VersionView[] {
    requireTeacher(actor);
    const { store } = this.#room;
    const { classId } = actor;
    const member = this.#people.member(actor);
    const row = this.#versions.find(classId, number);
    // A damaged one is better known now than at the next turn.
    this.#versions.byNumber(classId, number);
    for (const { id } of store.sessions.openIn(classId)) {
      const { state } = this.#sittings.get(id);
      // In a stopped sitting, too, a training that hands over its work puts its version to use.
      const isTraining = state.phase === 'training' || (state.phase === 'stopping' && state.jobId !== null);
      if (state.phase === 'answering' || isTraining) throw new UserError('version_busy');
    }
    store.transaction(() => {
      store.classes.setCurrentVersion(classId, row?.id ?? null);
      store.audit.add({ classId, memberId: member.id, action: 'version_used', details: { number } });
    });
    return this.#versions.list(classId);
  }

  /** Goes back to the version the one in use grew from. @throws UserError rollback_at_base, those of `use`. */
  rollback(actor: Actor): VersionView[] {
    requireTeacher(actor);
    const current = this.#versions.list(actor.classId).find((version) => version.current);
    if (!current || current.parentNumber === null) throw new UserError('rollback_at_base');
    return this.use(actor, current.parentNumber);
  }

  /**
   * The same words, the same seed, two versions. Without a prompt, the class's newest answered turn is asked again.
   * @throws UserError version_unknown, nothing_to_compare, turn_empty, turn_too_long.
   */
  async compare(actor: Actor, a: number, b: number, prompt?: string): Promise<ComparisonView> {
    const { classId } = actor;
    const { text, choices, seed } = await this.#asked(classId, prompt);
    const settings = settingsOf(this.#room, classId);
    const versions = [this.#versions.byNumber(classId, a), this.#versions.byNumber(classId, b)];
    const brain = await this.#room.brain;
    const promptIds = await brain.promptIds([], text, choices, settings.maxNewTokens);
    const answers: ComparisonView['answers'] = [];
    for (const { number, loaded } of versions) {
      const { text: reply, seconds } = await brain.generate(promptIds, generationSettings(settings, seed), loaded);
      const shown = shownReply(reply);
      answers.push({ versionNumber: number, reply: shown.text, masked: shown.masked, seconds });
    }
    return { prompt: text, seed, answers };
  }

  /** Answers outside a sitting. Nothing of it is kept, and nothing trains on it. */
  async chat(actor: Actor, raw: string, version?: number): Promise<ChatView> {
    const text = readTurnText(raw);
    const { classId } = actor;
    const { number, loaded } =
      version === undefined ? this.#versions.current(classId) : this.#versions.byNumber(classId, version);
    const settings = settingsOf(this.#room, classId);
    const brain = await this.#room.brain;
    const choices = await this.#guess(classId, text);
    const promptIds = await brain.promptIds([], text, choices, settings.maxNewTokens);
    const generation = await brain.generate(promptIds, generationSettings(settings, this.#room.newSeed()), loaded);
    const shown = shownReply(generation.text);
    const { model } = this.#room;
    return { ...generation, reply: shown.text, masked: shown.masked, versionNumber: number, model };
  }

  /** Writes a version as files that Python loads, under the data folder. @throws UserError not_teacher, version_unknown. */
  async export(actor: Actor, number: number): Promise<{ folder: string; files: string[] }> {
    requireTeacher(actor);
    const folder = path.join(this.#room.store.folder, 'exports');
    return this.#versions.export(await this.#room.brain, actor.classId, number, folder);
  }

  /** The words given, or those of the newest answered turn; its seed, where there is one. */
  async #asked(classId: string, prompt?: string): Promise<{ text: string; choices: Choices; seed: number }> {
    const newest = this.#room.store.turns.recentOf(classId).find((turn) => turn.reply !== null);
    const seed = newest?.seed ?? this.#room.newSeed();
    if (prompt !== undefined) {
      const text = readTurnText(prompt);
      return { text, choices: await this.#guess(classId, text), seed };
    }
    if (!newest) throw new UserError('nothing_to_compare');
    return { text: newest.text, choices: choicesOf(newest), seed };
  }

  #guess(classId: string, text: string): Promise<Choices> {
    const { locale } = settingsOf(this.#room, classId);
    return guessChoices(text, locale === 'pt-BR' ? 'pt' : 'en');
  }
}
