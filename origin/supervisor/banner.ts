import { publishCommand } from '../demo/publish-command.ts'

/** What a person needs to know once everything runs. */
export interface Ready {
  url: string
  /** One-time link to make the first account; absent once there is one. */
  setupLink?: string
  demo?: { signInLink: string; server: string; key: string }
  /** How long the start took. */
  startMs: number
}

/** The last words of the start, for a terminal. */
export function banner({ url, setupLink, demo, startMs }: Ready, colour: boolean): string {
  const strong = (text: string) => (colour ? `\u001b[1m${text}\u001b[0m` : text)
  const lines = [
    '',
    `  ${strong('StreamTube is ready')} after ${(startMs / 1000).toFixed(1)} s`,
    '',
    `  Site         ${strong(url)}`,
  ]
  if (setupLink)
    lines.push(
      `  First person ${strong(setupLink)}`,
      '               makes the account that owns this site; works once',
    )
  if (demo) {
    lines.push(
      `  Sign in      ${strong(demo.signInLink)}`,
      '               signs in as the demo creator; works once',
      `  OBS server   ${demo.server}`,
      `  Stream key   ${demo.key}`,
      '',
      '  Publish without OBS (or: npm run demo:publish):',
      `  ${publishCommand(demo.server, demo.key)}`,
    )
  }
  return [...lines, '', '  Ctrl-C ends it.', '', ''].join('\n')
}
