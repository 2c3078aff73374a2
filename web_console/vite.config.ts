/** How the pages are built: one HTML file per page into the Python package, everything else hashed under assets/. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [react()],
  publicDir: false,
  build: {
    outDir: '../alarmd/console/static',
    emptyOutDir: true,
    // The pages run under `default-src 'self'`: a font or picture inlined as data: would be blocked.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { console: 'console.html', phone: 'phone.html' },
      // What both pages use is one file with a name that says so.
      output: { codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] } },
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
})
