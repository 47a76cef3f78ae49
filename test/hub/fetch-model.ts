/** Fetches one model as a process of its own, to be killed: `node fetch-model.ts NAME`, told where by HF_*. */
import { downloadModel, readHubSettings } from '../../src/hub/index.ts';

const model = await downloadModel(process.argv[2]!, { settings: readHubSettings(process.env) });
process.stdout.write(JSON.stringify(model));
