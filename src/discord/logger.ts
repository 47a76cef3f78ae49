/** What we need of a logger; pino's is one. */
export interface Logger {
  info(details: object | string, message?: string): void;
  warn(details: object | string, message?: string): void;
  error(details: object | string, message?: string): void;
}
