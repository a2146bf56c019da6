import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import adapter from '@sveltejs/adapter-node'
import { sveltekit } from '@sveltejs/kit/vite'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'

/** The script that stands in every page. */
const pageScript = /<script>(.*?)<\/script>/s.exec(
  readFileSync(new URL('src/app.html', import.meta.url), 'utf8'),
)
const pageScriptHash = createHash('sha256')
  .update(pageScript?.[1] ?? '')
  .digest('base64')

export default defineConfig(({ command }) => ({
  plugins: [
    tailwindcss(),
    sveltekit({
      adapter: adapter({ out: 'build' }),
      csp: {
        // Not by nonces: a page that is answered to many would give away its own.
        mode: 'hash',
        directives: {
          'default-src': ['self'],
          'script-src': ['self', `sha256-${pageScriptHash}`],
          // media-chrome's shadow roots and positioned menus carry style elements without a nonce.
          'style-src': ['self', 'unsafe-inline'],
          'img-src': ['self', 'data:', 'blob:'],
          'font-src': ['self'],
          'connect-src': command === 'serve' ? ['self', 'ws:'] : ['self'],
          // Media Source Extensions play from blob addresses; hls.js makes caption tracks from an empty data address.
          'media-src': ['self', 'blob:', 'data:'],
          'worker-src': ['self', 'blob:'],
          'manifest-src': ['self'],
          'object-src': ['none'],
          'base-uri': ['none'],
          'form-action': ['self'],
          'frame-ancestors': ['none'],
        },
      },
      version: { pollInterval: 0 },
    }),
  ],
  build: { target: ['chrome123', 'firefox120', 'safari17.5'], assetsInlineLimit: 0 },
}))
