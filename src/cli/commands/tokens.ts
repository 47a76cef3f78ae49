import { statusInPortuguese, tokenReport } from '../../scoring/index.ts';
import type { Command } from '../command.ts';
import { readJsonLines } from '../jsonl.ts';

export default {
  arguments: ['FILE.jsonl'],
  options: {},
  async run(options, terminal) {
    for await (const line of readJsonLines(options.arguments[0]!)) {
      const maxScore = line.optionalNumber('max_score');
      const halfReward = line.optionalNumber('half_reward');
      const report = tokenReport(line.text('expected'), line.text('generated'), {
        ...(maxScore === undefined ? {} : { maxScore }),
        ...(halfReward === undefined ? {} : { halfReward }),
      });
      const table = report.rows.map((row) => ({ ...row, status: statusInPortuguese(row.status) }));
      await terminal.json({ total: report.total, table });
    }
  },
} satisfies Command;
