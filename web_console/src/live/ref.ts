/** A mark of our own for one press, by which the server knows a repeated one. `crypto.randomUUID` is missing on plain http. */

export function newRef(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
