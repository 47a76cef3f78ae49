/** Models by their name on the hub, fetched with a bar on stderr. */
import { type DownloadedModel, downloadModel, readHubSettings } from '../hub/index.ts';
import { t } from '../i18n/index.ts';
import { readerOf } from './environment.ts';
import { Terminal } from './terminal.ts';

const MEGABYTE = 1e6;

/** @throws UserError those of `downloadModel`. */
export async function fetchModel(name: string): Promise<DownloadedModel> {
  const terminal = new Terminal(readerOf(process.env));
  const { locale } = terminal;
  let fetched = false;
  const onProgress = ({ file, bytes, totalBytes }: { file: string; bytes: number; totalBytes: number }) => {
    fetched = true;
    const [done, total] = [bytes, totalBytes].map((count) => (count / MEGABYTE).toFixed(1));
    terminal.bar(bytes / Math.max(totalBytes, 1), t(locale, 'cli:downloading', { done: done!, total: total!, file }));
  };
  const model = await downloadModel(name, { settings: readHubSettings(process.env), onProgress });
  const { pinned, folder, licence = t(locale, 'cli:licence_unknown') } = model;
  terminal.clearProgress();
  if (fetched) terminal.note(t(locale, 'cli:downloaded', { model: pinned, folder, licence }));
  return model;
}
