/** The shape a translation must have: the source's sections and keys, each with any text. */
export type Section<S> = { readonly [K in keyof S]: string };
export type Catalogue<S> = { readonly [K in keyof S]: Section<S[K]> };
