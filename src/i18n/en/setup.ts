/** What the terminal says when the bot starts and stops. */
export default {
  local_open: `
  The classroom is open.

    In the browser   {{url}}
    Join code        {{joinCode}}
    Teacher code     {{teacherCode}}   (keep it to yourself)

  Everything stays on this computer. Ctrl+C closes the classroom; what was said and learnt is kept.
`,
  local_lan: '  From the other computers of this network: {{url}}\n',
  discord_open: 'The bot is connected to Discord. Ctrl+C stops it; what was said and learnt is kept.',
  downloading: 'Fetching {{model}} from the hub: {{percent}} % of {{size}} MB',
  stopping: 'Closing. Anything in training is put in a safe place first…',
} as const;
