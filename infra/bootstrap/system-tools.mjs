import { existsSync } from 'node:fs'
import { SetupError } from './report.mjs'
import { findProgram, run, tail } from './run.mjs'

/**
 * How each package manager installs, and what it calls what we need.
 * @type {Record<string, { install: string[], refresh: string[] | null, names: Record<string, string>, asRoot: boolean }>}
 */
export const managers = {
  'apt-get': {
    install: ['install', '-y', '-q', '--no-install-recommends'],
    refresh: ['update', '-q'],
    names: { ffmpeg: 'ffmpeg', chromium: 'chromium' },
    asRoot: true,
  },
  dnf: {
    install: ['install', '-y', '-q'],
    refresh: null,
    names: { ffmpeg: 'ffmpeg-free', chromium: 'chromium' },
    asRoot: true,
  },
  apk: {
    install: ['add', '--quiet'],
    refresh: ['update', '--quiet'],
    names: { ffmpeg: 'ffmpeg', chromium: 'chromium' },
    asRoot: true,
  },
  pacman: {
    install: ['-S', '--noconfirm', '--needed'],
    refresh: ['-Sy'],
    names: { ffmpeg: 'ffmpeg', chromium: 'chromium' },
    asRoot: true,
  },
  brew: {
    install: ['install', '--quiet'],
    refresh: null,
    names: { ffmpeg: 'ffmpeg', chromium: '--cask chromium' },
    asRoot: false,
  },
}

/** @returns {string | null} */
export function findFfmpeg() {
  return findProgram('ffmpeg') && findProgram('ffprobe')
}

/** @returns {string | null} */
export function findChromium() {
  const given = process.env.CHROMIUM_PATH
  if (given) return existsSync(given) ? given : null
  const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
  const onMac = ['Chromium', 'Google Chrome'].map(
    (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
  )
  return names.map(findProgram).find(Boolean) ?? onMac.find(existsSync) ?? null
}

/**
 * Finds a program, or installs it where this user may.
 * @param {import('./report.mjs').Report} report
 * @param {'ffmpeg' | 'chromium'} what
 * @returns {Promise<string>} its path
 */
export async function ensureTool(report, what) {
  const find = what === 'ffmpeg' ? findFfmpeg : findChromium
  let path = find()
  await report.step(what === 'ffmpeg' ? 'ffmpeg' : 'Chromium', async (detail) => {
    if (path) return 'is there'
    const command = await installCommand(what)
    if (!command.allowed) throw new SetupError(`${what} is missing. Install it with: ${command.text}`)
    detail(`installing: ${command.text}`)
    let result = await runAll(command.install)
    if (result.code !== 0 && command.refresh) {
      await runAll(command.refresh)
      result = await runAll(command.install)
    }
    path = find()
    if (!path)
      throw new SetupError(`${what} could not be installed with: ${command.text}\n${tail(result.output)}`)
    return 'installed'
  })
  return /** @type {string} */ (path)
}

/** @param {string[]} line */
function runAll([command = '', ...args]) {
  return run(command, args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
}

/** @param {string} what */
async function installCommand(what) {
  const name = Object.keys(managers).find((candidate) => findProgram(candidate))
  const manager = name && managers[name]
  if (!manager)
    return {
      allowed: false,
      text: `your system's package manager (package "${what}")`,
      install: [],
      refresh: null,
    }
  const isRoot = process.getuid?.() === 0
  const prefix = manager.asRoot && !isRoot ? ['sudo', '-n'] : []
  const install = [...prefix, name, ...manager.install, ...(manager.names[what] ?? what).split(' ')]
  const refresh = manager.refresh && [...prefix, name, ...manager.refresh]
  const allowed = manager.asRoot ? isRoot || (await hasSudo()) : !isRoot
  return {
    allowed,
    install,
    refresh,
    text: install.filter((word) => word !== '-n' && word !== '-q').join(' '),
  }
}

/** True where sudo asks for no password. */
async function hasSudo() {
  if (!findProgram('sudo')) return false
  return (await run('sudo', ['-n', 'true'], { timeoutMs: 5000 })).code === 0
}
