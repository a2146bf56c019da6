/** What no file system takes in a name, and what would break a header. */
const UNFIT = /[\p{Cc}\p{Cf}"*/:<>?\\|%]+/gu
const MAX_CHARS = 80

/** Content-Disposition (RFC 6266) that saves an MP4 under a title: as it is where clients can read it, else in ASCII. */
export function fileNameOf(title: string): string {
  const words = [...title.normalize('NFC').replace(UNFIT, ' ').replace(/\s+/g, ' ')].slice(0, MAX_CHARS)
  const name = `${words.join('').trim() || 'clip'}.mp4`
  const ascii = name
    .normalize('NFKD')
    .replace(/[^\x20-\x7e]+/g, '')
    .trim()
  const plain = ascii === '.mp4' ? 'clip.mp4' : ascii
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replace(/['()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`
}
