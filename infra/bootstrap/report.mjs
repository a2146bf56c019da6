/**
 * What the bootstrap says, to a terminal as tidy lines, elsewhere as JSON lines like every other process, and to
 * whoever follows the set-up page.
 *
 * @typedef {{ name: string, state: 'running' | 'done' | 'failed', detail: string }} Step
 * @typedef {ReturnType<typeof createReport>} Report
 */

const terminal = process.stdout.isTTY === true
const colour = terminal && !process.env.NO_COLOR

/** @param {number} code @param {string} text */
function paint(code, text) {
  return colour ? `\u001b[${code}m${text}\u001b[0m` : text
}

/** @param {string} level @param {string} message @param {object} [fields] */
function writeJson(level, message, fields) {
  const line = { level, time: Date.now(), process: 'setup', ...fields, msg: message }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** An error whose message is all that a person needs; shown without its stack. */
export class SetupError extends Error {}

/** Keeps the list of steps and shows each as it goes. */
export function createReport() {
  /** @type {Step[]} */
  const steps = []
  return {
    steps,
    /** @param {string} message */
    say(message) {
      if (terminal) process.stdout.write(`${message}\n`)
      else writeJson('info', message)
    },
    /** @param {string} message */
    warn(message) {
      if (terminal) process.stdout.write(`${paint(33, '!')} ${message}\n`)
      else writeJson('warn', message)
    },
    /** @param {string} message */
    fail(message) {
      const running = steps.find((step) => step.state === 'running')
      if (running) Object.assign(running, { state: 'failed', detail: message })
      if (terminal) process.stderr.write(`${paint(31, '✗')} ${message}\n`)
      else writeJson('error', message)
    },
    /**
     * Runs one step. `work` gets a function that replaces the step's detail (`quiet`: on the page alone), and answers
     * the last one.
     * @param {string} name
     * @param {(detail: (text: string, quiet?: boolean) => void) => Promise<string>} work
     */
    async step(name, work) {
      /** @type {Step} */
      const step = { name, state: 'running', detail: '' }
      steps.push(step)
      const startedAt = Date.now()
      step.detail = await work((text, quiet = false) => {
        step.detail = text
        if (quiet) return
        if (terminal) process.stdout.write(`${paint(2, `… ${name}: ${text}`)}\n`)
        else writeJson('info', `${name}: ${text}`)
      })
      step.state = 'done'
      const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
      if (terminal)
        process.stdout.write(`${paint(32, '✓')} ${name} ${paint(2, `${step.detail} ${seconds} s`)}\n`)
      else writeJson('info', name, { detail: step.detail, durationMs: Date.now() - startedAt })
    },
  }
}
