import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findFreePorts } from '../../../origin/supervisor/free-ports.ts'

const START_MS = 5_000

/** nginx with one worker and the settings of its manual for serving files; null where it isn't installed. */
export async function startNginx(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<{ process: ChildProcess; port: number; version: string } | null> {
  const version = installedVersion()
  if (version === null) return null
  const [port = 0] = await findFreePorts(1)
  const root = join(folder, 'files')
  mkdirSync(root, { recursive: true })
  for (const [name, bytes] of files) writeFileSync(join(root, name), bytes)
  const config = join(folder, 'nginx.conf')
  writeFileSync(config, configuration(folder, root, port))
  const process = spawn('nginx', ['-c', config, '-p', folder, '-e', join(folder, 'error.log')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [first = ''] = files.keys()
  for (const deadline = performance.now() + START_MS; ; await wait(50)) {
    const response = await fetch(`http://127.0.0.1:${port}/${first}`).catch(() => null)
    if (response?.ok) return { process, port, version }
    if (performance.now() > deadline || process.exitCode !== null) throw new Error('nginx did not start')
  }
}

export async function stopNginx(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null) return
  const exit = once(process, 'exit')
  process.kill('SIGTERM')
  await exit
}

function installedVersion(): string | null {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' })
    return execFileSync('sh', ['-c', 'nginx -v 2>&1'])
      .toString()
      .replace(/^.*nginx\//s, '')
      .trim()
  } catch {
    return null
  }
}

/** In the foreground and without a master process: what is started is what serves. */
function configuration(folder: string, root: string, port: number): string {
  return `daemon off;
master_process off;
pid ${join(folder, 'nginx.pid')};
events { worker_connections 20000; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=100;
  default_type application/octet-stream;
  client_body_temp_path ${folder};
  proxy_temp_path ${folder};
  fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder};
  scgi_temp_path ${folder};
  server { listen 127.0.0.1:${port} backlog=4096; root ${root}; }
}
`
}
