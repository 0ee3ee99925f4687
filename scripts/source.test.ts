// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the code under test holds templates.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { blank, importsOf } from './source.ts'

describe('code without comments and strings', () => {
  for (const { name, text, code } of [
    { name: 'a line comment goes', text: 'a // Date.now()\nb', code: 'a              \nb' },
    { name: 'a block comment keeps its lines', text: 'a /* x\ny */ b', code: 'a     \n     b' },
    { name: 'a string keeps its quotes', text: "a('x//y') + b", code: "a('    ') + b" },
    { name: 'an escaped quote does not end a string', text: "'a\\'b' c", code: "'    ' c" },
    { name: 'a template loses its text and keeps its code', text: '`x ${now()} y` z', code: '`  ${now()}  ` z' },
    { name: 'a template in a template', text: '`a${`b${c}`}d` e', code: '` ${` ${c}`} ` e' },
    { name: 'braces inside a template part', text: '`${f({ a })}x` b', code: '`${f({ a })} ` b' },
    { name: 'a pattern is not a comment', text: 'f(/\\/\\/[/"]/g, a)', code: 'f(/        /g, a)' },
    { name: 'a division is not a pattern', text: "a / b / 'c'", code: "a / b / ' '" },
  ]) {
    test(name, () => assert.equal(blank(text).code, code))
  }
})

describe('imports of a file', () => {
  for (const { name, text, expected } of [
    { name: 'a value', text: "import { a } from './a.ts'", expected: ['./a.ts:1'] },
    { name: 'a type only', text: "import type { A } from 'zod'", expected: ['zod:1'] },
    { name: 'several lines', text: "import {\n  a,\n  b,\n} from 'x'\n", expected: ['x:4'] },
    { name: 'for its effect', text: "\nimport 'x'", expected: ['x:2'] },
    { name: 'a re-export', text: "export { a } from './a.ts'", expected: ['./a.ts:1'] },
    { name: 'a dynamic import', text: "const a = await import('./a.ts')", expected: ['./a.ts:1'] },
    { name: 'an import type', text: "type A = import('./a.ts').A", expected: ['./a.ts:1'] },
    { name: 'none in a comment', text: "// import { a } from './a.ts'\n/* import 'b' */", expected: [] },
    { name: 'none in an exported function', text: "export function f() {}\nconst from = 'x'", expected: [] },
  ]) {
    test(name, () =>
      assert.deepEqual(
        importsOf(text).map(({ specifier, line }) => `${specifier}:${line}`),
        expected,
      ),
    )
  }
})
