import { defineConfig } from 'drizzle-kit';

/** `npm run db:generate` writes the next migration from the schema; both are committed together. */
export default defineConfig({
  dialect: 'sqlite',
  schema: './src/store/schema/*.ts',
  out: './migrations',
});
