/** Models by their name on the hub: fetched once, checked, kept where Python's huggingface_hub keeps them. */
export {
  cachedModel,
  type DownloadedModel,
  type DownloadOptions,
  type DownloadProgress,
  downloadModel,
} from './download.ts';
export { parseHubId } from './id.ts';
export type { Retries } from './patience.ts';
export { HUB_KEYS, type HubSettings, readHubSettings } from './settings.ts';
