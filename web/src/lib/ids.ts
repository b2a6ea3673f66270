// Ids made by the page: for events, and for requests that must count once however often they are sent.

/** A random 128-bit id. `crypto.randomUUID` is missing where the page is opened over plain HTTP from a phone. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
