const YEAR_SECONDS = 31_536_000

/** Remembers which channel the person works with; the server reads it to draw the same page. */
export function preferChannel(handle: string): void {
  const secure = location.protocol === 'https:' ? '; secure' : ''
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API needs https, and this is read by the server
  document.cookie = `channel=${handle}; path=/; max-age=${YEAR_SECONDS}; samesite=lax${secure}`
}
