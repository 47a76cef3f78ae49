/**
 * A class's brain versions: v0 is the base and has no row. Loaded ones are kept, two of them, so that a version is read
 * (and its sha-256 checked) once and the brain can tell by identity that nothing has to be swapped.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Brain, BrainVersion } from '../brain/index.ts';
import { loraTargets } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { decodeAdapter, readSafetensors, writeAdapterFolder, writeModelFolder } from '../formats/index.ts';
import { parseHubId } from '../hub/index.ts';
import type { Store, VersionRow } from '../store/index.ts';
import { loadVersion } from '../training/index.ts';
import type { Room } from './room.ts';
import type { VersionView } from './views.ts';

export interface VersionInUse {
  /** Null is the base. */
  id: string | null;
  number: number;
  loaded: BrainVersion;
}

const KEPT = 2;
const BASE: VersionInUse = { id: null, number: 0, loaded: {} };

export class Versions {
  readonly #room: Pick<Room, 'store' | 'model'>;
  /** Least recently used first. */
  readonly #loaded = new Map<string, VersionInUse>();

  constructor(room: Pick<Room, 'store' | 'model'>) {
    this.#room = room;
  }

  /** The version the class uses. @throws UserError version_other_base, adapter_damaged, weights_damaged, file_missing. */
  current(classId: string): VersionInUse {
    const id = this.#room.store.classes.get(classId)?.currentVersionId ?? null;
    return id === null ? BASE : this.#load(this.#row(id));
  }

  /** The class's version of this number. @throws UserError version_unknown, and those of `current`. */
  byNumber(classId: string, number: number): VersionInUse {
    const row = this.find(classId, number);
    return row === null ? BASE : this.#load(row);
  }

  /** The row of a number, null for 0. @throws UserError version_unknown, version_other_base. */
  find(classId: string, number: number): VersionRow | null {
    if (number === 0) return null;
    const { store } = this.#room;
    const row = Number.isInteger(number) ? store.versions.byNumber(classId, number) : undefined;
    if (!row) {
      const known = [0, ...store.versions.list(classId).map((version) => version.number)];
      throw new UserError('version_unknown', { number: String(number), known: known.map((n) => `v${n}`).join(', ') });
    }
    this.#assertBase(row);
    return row;
  }

  list(classId: string): VersionView[] {
    const { store, model } = this.#room;
    const current = store.classes.get(classId)?.currentVersionId ?? null;
    const rows = store.versions.list(classId);
    const base: VersionView = {
      ...{ id: null, number: 0, current: current === null, base: model, method: null, note: '' },
      ...{ parentNumber: null, createdAt: null, forgottenMembers: 0 },
    };
    return [base, ...rows.map((row) => versionView(row, current, rows))];
  }

  /**
   * Writes a version as files that Python loads, into a new folder under `folder`: a peft adapter, with its full weights
   * beside it where it stands on a full fine-tune; all the weights as a model folder for a full one and for the base.
   */
  async export(
    brain: Brain,
    classId: string,
    number: number,
    folder: string,
  ): Promise<{ folder: string; files: string[] }> {
    const row = this.find(classId, number);
    const target = path.join(folder, `${brain.name}-v${number}-${row?.id.slice(0, 8) ?? 'base'}`);
    const loaded = row === null ? {} : loadVersion(this.#room.store, row.id);
    if (row?.method === 'lora') {
      const adapter = decodeAdapter(this.#room.store.versions.adapter(row.id));
      const fanInFanOut = loraTargets(brain.config, adapter.lora).some((layer) => layer.fanInFanOut);
      // Python knows the repository, and not the commit behind the @.
      const baseModel = parseHubId(this.#room.model)?.repository ?? this.#room.model;
      writeAdapterFolder(target, adapter, { baseModel, fanInFanOut });
      if (loaded.weightsFile) writeWhole(brain, loaded.weightsFile, path.join(target, 'base'));
    } else writeWhole(brain, loaded.weightsFile ?? brain.weightsFile, target);
    return { folder: target, files: filesOf(target) };
  }

  #row(id: string): VersionRow {
    const row = this.#room.store.versions.get(id);
    if (!row) throw new Error(`there is no version ${id}`);
    this.#assertBase(row);
    return row;
  }

  #assertBase({ number, base }: VersionRow): void {
    const { model } = this.#room;
    if (base !== model) throw new UserError('version_other_base', { number, base, model });
  }

  #load(row: VersionRow): VersionInUse {
    const loaded = this.#loaded.get(row.id) ?? {
      id: row.id,
      number: row.number,
      loaded: loadVersion(this.#room.store, row.id),
    };
    this.#loaded.delete(row.id);
    this.#loaded.set(row.id, loaded);
    for (const id of this.#loaded.keys()) {
      if (this.#loaded.size <= KEPT) break;
      this.#loaded.delete(id);
    }
    return loaded;
  }
}

/** The number of a version id; 0 for the base, and for one that is gone. */
export function versionNumber(store: Store, id: string | null): number {
  return id === null ? 0 : (store.versions.get(id)?.number ?? 0);
}

function versionView(row: VersionRow, current: string | null, rows: readonly VersionRow[]): VersionView {
  const { id, number, base, method, note, parentId, createdAt, forgottenMembers } = row;
  const parentNumber = rows.find((other) => other.id === parentId)?.number ?? 0;
  return { id, number, current: id === current, base, method, note, parentNumber, createdAt, forgottenMembers };
}

function writeWhole(brain: Brain, weightsFile: string, folder: string): void {
  const config = brain.config.raw;
  writeModelFolder(folder, { config, tensors: readSafetensors(weightsFile).tensors, tokenizerFrom: brain.source });
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}
