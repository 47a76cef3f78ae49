/** What is said when something expected goes wrong: what happened, then what to do. One section a room. */
export default {
  // common
  file_missing: '{{path}} is not there. Check the path and try again.',
  // start
  flag_unknown: '{{flag}} is not an option. The only one is --lan, which lets other computers of your network in.',
  setting_wrong: 'The setting {{key}} cannot be read ({{problem}}). Mend it in the file .env; .env.example explains each one.',
  data_folder_unwritable: 'Nothing can be written to {{folder}}. Choose another folder with DATA_FOLDER, or change its permissions.',
  platform_unsupported: 'This computer ({{platform}}) has no onnxruntime to run the brain. These have: {{supported}} (Linux with glibc).',
  memory_too_small: 'This computer has {{have}} MB of memory; the brain and its trainer need {{need}} MB.',
  disk_too_small: 'Only {{have}} MB are free on the disk of the data folder; {{need}} MB are needed. Free some, or set DATA_FOLDER.',
} as const;
