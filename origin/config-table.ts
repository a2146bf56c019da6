import { variables } from './config.ts'

type Entry = (typeof variables)[keyof typeof variables]

/** README's configuration tables: what people set, and what the supervisor hands to its children. */
export function configTable(): string {
  const entries: Entry[] = Object.values(variables)
  const row = ({ name, default: fallback, description, readBy }: Entry) =>
    `| \`${name}\` | ${fallback === null ? '' : `\`${fallback}\``} | ${description} | ${readBy.join(', ')} |`
  const table = (rows: Entry[]) =>
    ['| variable | default | what it is | read by |', '|---|---|---|---|', ...rows.map(row), ''].join('\n')
  return [
    table(entries.filter((entry) => !entry.internal)),
    'Set by the supervisor for its children, and by hand only where a role runs alone:\n',
    table(entries.filter((entry) => entry.internal)),
  ].join('\n')
}

// `node origin/config-table.ts`: for the generator of README.md.
if (import.meta.main) process.stdout.write(configTable())
