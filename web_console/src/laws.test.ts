/** What no reader of one file can see: laws of the whole folder. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
const text = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8')
const code = files.filter((file) => !file.endsWith('.test.ts')).map((file) => ({ file: file.replaceAll('\\', '/'), text: text(file) }))

describe('the sources', () => {
  it('take the design system from ui/ only', () => {
    expect(code.filter(({ file, text }) => !file.startsWith('ui/') && text.includes('@navikt/')).map(({ file }) => file)).toEqual([])
  })

  it('have no inline style, which the content security policy forbids', () => {
    expect(code.filter(({ text }) => /\bstyle=|dangerouslySetInnerHTML/.test(text)).map(({ file }) => file)).toEqual([])
  })

  it('let the two pages know nothing of one another, and what they share nothing of them', () => {
    const wrong = code.filter(({ file, text }) => {
      const room = file.split('/')[0]
      return ['console', 'phone'].some((page) => page !== room && text.includes(`from '../${page}/`))
    })
    expect(wrong.map(({ file }) => file)).toEqual([])
  })

  it('name no outside address', () => {
    expect(code.filter(({ text }) => /https?:\/\//.test(text)).map(({ file }) => file)).toEqual([])
  })
})

describe('the packages', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const wanted: Record<string, string> = { ...dependencies, ...devDependencies }
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8')

  it('are pinned exactly', () => {
    for (const [name, version] of Object.entries(wanted)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('of the design system move together', () => {
    const packages: Record<string, { version: string }> = JSON.parse(lock).packages
    const versions = ['aksel-icons', 'ds-css', 'ds-react', 'ds-tokens'].map((name) => packages[`node_modules/@navikt/${name}`]?.version)
    expect(new Set(versions)).toEqual(new Set([wanted['@navikt/ds-react']]))
  })

  it('are locked without the address of a registry', () => {
    expect(lock).not.toContain('"resolved"')
  })
})
