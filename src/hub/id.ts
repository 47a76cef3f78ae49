/**
 * How a model on the hub is called: `owner/name`, or a name alone as the oldest have (`gpt2`); `@revision` after it picks
 * a branch, a tag or a commit; `:file` after that picks one GGUF file of a repository that holds several, by its name
 * or by a part of it that stands between dashes, dots or underscores (`owner/name-GGUF:Q4_K_M`).
 */
import { isSafeName } from './names.ts';

export interface HubId {
  /** `owner/name` or `name`. */
  readonly repository: string;
  /** Branch, tag or commit; `main` where none was named. */
  readonly revision: string;
  /** Name, or part of the name, of the single file that is wanted. */
  readonly file?: string;
}

const WRITTEN = /^(?<repository>[^@:]+)(?:@(?<revision>[^@:]+))?(?::(?<file>[^:]+))?$/;
/** The hub's own rule: letters, digits, `-`, `_`, `.`, the last two not at an end. */
const REPOSITORY = /^(?:\w[\w.-]{0,95}\/)?\w(?:[\w.-]{0,94}\w)?$/;
/** `models/smol.gguf` is a file somebody mistyped, not a repository. */
const FILE_ENDING = /\.(gguf|bin|safetensors|json|jsonl|onnx|pt|pth|zip|git)$/i;

/** Null for what no model on the hub can be called, such as a path of this computer. */
export function parseHubId(text: string): HubId | null {
  const { repository = '', revision = 'main', file } = WRITTEN.exec(text)?.groups ?? {};
  if (!REPOSITORY.test(repository) || /--|\.\./.test(repository) || FILE_ENDING.test(repository)) return null;
  if (!isSafeName(revision)) return null;
  if (file === undefined) return { repository, revision };
  // `C:/models` is a folder of Windows.
  return repository.includes('/') && isSafeName(file) ? { repository, revision, file } : null;
}
