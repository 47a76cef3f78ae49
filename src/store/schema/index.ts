/** Every table, split by meaning; `npm run db:generate` turns a change here into a migration. */
export * from './events.ts';
export * from './people.ts';
export * from './sessions.ts';
export * from './training.ts';
