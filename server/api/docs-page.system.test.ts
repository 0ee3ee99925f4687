import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openTestApi, type TestApi } from './test-api.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api[Symbol.asyncDispose]())

test('the document can be read without a token, from this origin alone', async () => {
  const page = await api.app.inject('/docs')
  assert.equal(page.statusCode, 200)
  const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '')
  assert.equal(links.length, 4)
  for (const link of links) {
    const file = await api.app.inject(link)
    assert.equal(file.statusCode, 200, link)
    assert.match(String(file.headers['content-security-policy']), /default-src 'none'/)
  }
  assert.doesNotMatch(page.body, /https?:/)
  assert.doesNotMatch(page.body, /<script>/)
})
