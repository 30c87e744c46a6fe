/** A signal nobody aborts. */
export const forEver: AbortSignal = new AbortController().signal;
