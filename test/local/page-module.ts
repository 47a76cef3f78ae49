/** A module of the web page for a test in Node. The page is plain JavaScript, checked on its own (`page.test.ts`), so its types are named here. */
export async function pageModule<T>(name: string): Promise<T> {
  const loaded: T = await import(new URL(`../../src/local/page/${name}`, import.meta.url).href);
  return loaded;
}
