/**
 * A stored version as the brain takes it. A LoRA version is an adapter over what it grew from: over the base, or over the
 * weights of the nearest full fine-tune among its ancestors; an adapter's own ancestors are contained in it.
 */
import type { BrainVersion } from '../brain/index.ts';
import { decodeAdapter } from '../formats/index.ts';
import type { Store, VersionRow } from '../store/index.ts';

type Versions = Pick<Store, 'versions'>;

/**
 * The version to hand to a brain; null, and so `{}`, is the base.
 * @throws UserError adapter_damaged, weights_damaged, file_missing where its bytes are not those that were kept.
 */
export function loadVersion(store: Versions, versionId: string | null): BrainVersion {
  if (versionId === null) return {};
  const version = mustGet(store, versionId);
  if (version.method === 'full') return { weightsFile: store.versions.weightsPath(versionId) };
  const full = nearestFull(store, version);
  return {
    adapter: decodeAdapter(store.versions.adapter(versionId)),
    ...(full === null ? {} : { weightsFile: store.versions.weightsPath(full.id) }),
  };
}

function nearestFull(store: Versions, version: VersionRow): VersionRow | null {
  const parent = version.parentId === null ? null : mustGet(store, version.parentId);
  if (parent === null || parent.method === 'full') return parent;
  return nearestFull(store, parent);
}

function mustGet(store: Versions, id: string): VersionRow {
  const version = store.versions.get(id);
  if (version === undefined) throw new Error(`there is no version ${id}`);
  return version;
}
